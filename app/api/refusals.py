"""The errors of HTTP itself: what the guard and the routes refuse before any noun is touched."""

from __future__ import annotations

from app.core.errors import GlassnetError
from app.core.text import text


class Misdirected(GlassnetError):
    code, status = "foreign_host", 421
    message = text(
        "This server does not answer to the host “{host}”. If that is its address, start it with "
        "GLASSNET_HOSTS={host}.",
        "本服务器不应答主机名“{host}”。若它确是其地址，请以 GLASSNET_HOSTS={host} 启动。",
    )


class ForeignOrigin(GlassnetError):
    code, status = "foreign_origin", 403
    message = text(
        "A page of “{origin}” may not change anything here.", "“{origin}”的页面不得在此作任何更改。"
    )


class ForeignSite(GlassnetError):
    code, status = "foreign_site", 403
    message = text(
        "The browser says that this comes from another page (Sec-Fetch-Site: {site}). A page of "
        "another address may not change anything here.",
        "浏览器表明此请求来自其他页面（Sec-Fetch-Site: {site}）。其他地址的页面不得在此作任何更改。",
    )


class HeaderRepeated(GlassnetError):
    code, status = "header_repeated", 400
    message = text(
        "The request has the header “{header}” more than once. Send it once.",
        "请求中“{header}”标头出现多次，请只发送一次。",
    )


class Unauthorized(GlassnetError):
    code, status = "token_needed", 401
    message = text(
        "This server asks for its token: send “Authorization: Bearer …”, or open /?token=… once.",
        "本服务器需要令牌：请发送“Authorization: Bearer …”，或打开一次 /?token=…。",
    )


class TooManyTries(GlassnetError):
    code, status = "too_many_tries", 429
    message = text(
        "Too many wrong tokens came from your address. Try again in {seconds} s.",
        "来自你的地址的错误令牌过多，请在 {seconds} 秒后重试。",
    )


class BodyTooLarge(GlassnetError):
    code, status = "body_too_large", 413
    message = text(
        "The body is larger than the limit of {limit} bytes.", "请求正文超过 {limit} 字节的上限。"
    )


class JsonTooDeep(GlassnetError):
    code, status = "json_too_deep", 400
    message = text("The JSON is nested deeper than {limit} levels.", "JSON 嵌套超过 {limit} 层。")


class JsonTooLong(GlassnetError):
    code, status = "json_too_long", 413
    message = text(
        "The JSON holds more than {values} values or {keys} fields. Send less at a time.",
        "JSON 中的值超过 {values} 个或字段超过 {keys} 个。请减少内容后再发送。",
    )


class NotJson(GlassnetError):
    code, status = "not_json", 415
    message = text(
        "The body must be JSON: send “Content-Type: application/json” (got “{got}”).",
        "请求正文必须是 JSON：请发送“Content-Type: application/json”（收到“{got}”）。",
    )


class NotForm(GlassnetError):
    code, status = "not_a_form", 415
    message = text(
        "The token is sent by a form: “Content-Type: application/x-www-form-urlencoded” (got “{got}”).",
        "令牌须以表单发送：“Content-Type: application/x-www-form-urlencoded”（收到“{got}”）。",
    )


class NotTensorFile(GlassnetError):
    code, status = "not_a_tensor_file", 415
    message = text(
        "Weights are sent as a file: “Content-Type: application/vnd.safetensors” (got “{got}”).",
        "权值须以文件发送：“Content-Type: application/vnd.safetensors”（收到“{got}”）。",
    )


class NoSuchAddress(GlassnetError):
    code, status = "no_such_address", 404
    message = text("There is nothing at {path}.", "{path} 处没有内容。")


class MethodNotAllowed(GlassnetError):
    code, status = "method_not_allowed", 405
    message = text(
        "{method} is not possible here; {allowed} is.", "此处不能用 {method}，可用 {allowed}。"
    )


class UpgradeNeeded(GlassnetError):
    code, status = "upgrade_needed", 426
    message = text(
        "This is the address of a WebSocket: open it with “Upgrade: websocket”.",
        "这是 WebSocket 的地址：请以“Upgrade: websocket”打开。",
    )


class RequestRefused(GlassnetError):
    code, status = "refused", 400
    message = text("The request was refused: {reason}.", "请求被拒绝：{reason}。")


class PageNotBuilt(GlassnetError):
    code, status = "page_not_built", 503
    message = text(
        "The page has not been built yet. Run “make run”, or “make page” beside a running server.",
        "网页尚未构建。请运行“make run”，或在服务器运行时执行“make page”。",
    )


class TooManyViewers(GlassnetError):
    code, status = "too_many_viewers", 503
    message = text(
        "{limit} tabs are open already, which is the limit.", "已打开 {limit} 个标签页，达到上限。"
    )


class HeadTooLarge(GlassnetError):
    code, status = "headers_too_large", 431
    message = text(
        "The request's headers are too large: at most {bytes} bytes in {lines} lines, and {line} bytes in "
        "one, are read. Delete the cookies of this host if a browser says this.",
        "请求头过大：最多读取 {bytes} 字节、{lines} 行，每行 {line} 字节。若浏览器出现此提示，请删除该主机的 Cookie。",
    )


class AddressTooLong(GlassnetError):
    code, status = "address_too_long", 414
    message = text(
        "The address of the request is longer than {limit} bytes. Shorten it, or send the data in the body.",
        "请求地址超过 {limit} 字节。请缩短地址，或将数据放入请求正文。",
    )


class HeadStalled(GlassnetError):
    code, status = "headers_stalled", 408
    message = text(
        "The request's headers were not complete after {seconds} seconds. Send the request again.",
        "{seconds} 秒内未收到完整的请求头。请重新发送请求。",
    )


class TooManyConnections(GlassnetError):
    code, status = "too_many_connections", 503
    message = text(
        "Too many connections are open. Close some, or try again in a moment.",
        "打开的连接过多。请关闭一些连接，或稍后再试。",
    )


class NotHttp(GlassnetError):
    code, status = "not_http", 400
    message = text(
        "These bytes are no HTTP request that can be read.", "收到的字节不是可读取的 HTTP 请求。"
    )


class BodyStalled(GlassnetError):
    code, status = "body_stalled", 408
    message = text(
        "The request's body stopped coming, or came more slowly than {rate} bytes a second. Send it again.",
        "请求正文停止到达，或到达速度低于每秒 {rate} 字节。请重新发送。",
    )


class TooManyBodies(GlassnetError):
    code, status = "too_many_bodies", 503
    message = text(
        "The server receives too much from others at this moment. Try again in a few seconds.",
        "服务器此刻正在接收过多内容。请几秒后再试。",
    )

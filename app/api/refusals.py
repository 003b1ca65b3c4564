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

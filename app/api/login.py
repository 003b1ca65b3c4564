"""The form that exchanges the token for a session, and the button that ends one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from app.api.access import Access
from app.api.assets import Page
from app.api.language import VARY, preferred
from app.api.pages import LANG, render
from app.api.refusals import NotForm, TooManyTries, Unauthorized
from app.core.errors import GlassnetError
from app.core.text import Text, text

router = APIRouter(include_in_schema=False)
WRONG = text("That is not the token of this server.", "这不是本服务器的令牌。")


@router.get(f"/{LANG}/login")
async def form(lang: str, request: Request) -> Response:
    """The form; whoever needs it not goes to the page."""
    access = _access(request)
    if access.open or access.session(request.scope) is not None:
        return _to(f"/{lang}/")
    return form_page(request.app.state.page, request.scope, f"/{lang}/")


@router.post(f"/{LANG}/login")
async def log_in(lang: str, request: Request) -> Response:
    """The token is looked at once, and not kept: the browser gets a session in exchange."""
    access, fields = _access(request), await _fields(request)
    onward = _local(fields.get("next", ""), f"/{lang}/")
    token = fields.get("token", "")
    if access.open:
        return _to(onward)
    page: Page = request.app.state.page
    if not token.strip():
        return form_page(page, request.scope, onward, Unauthorized())
    try:
        access.present(request.scope, token)
    except TooManyTries as error:
        return form_page(page, request.scope, onward, error, error.text)
    except Unauthorized as error:
        return form_page(page, request.scope, onward, error, WRONG)
    return _to(onward, access.set_cookie())


@router.post(f"/{LANG}/logout")
async def log_out(lang: str, request: Request) -> Response:
    """The browser's session ends; others go on."""
    return _to(f"/{lang}/", _access(request).log_out(request.scope))


def login_page(page: Page, scope: Scope, error: GlassnetError) -> Response:
    """In place of a page that needs the token; afterwards the browser is led to that page."""
    query = scope["query_string"].decode("latin-1")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("token="))
    onward = _local(scope["path"] + (f"?{kept}" if kept else ""), "/")
    said = error.text if isinstance(error, TooManyTries) else None
    return form_page(page, scope, onward, error, said)


def form_page(
    page: Page,
    scope: Scope,
    onward: str,
    error: GlassnetError | None = None,
    said: Text | None = None,
) -> Response:
    """The form that asks for the token, with what was wrong with the last one."""
    spoken = preferred(scope)
    status = error.status if error else 200
    shown: dict[str, Any] = {"onward": onward, "said": said.say(spoken) if said else ""}
    response = render(page, "login.html", spoken, "/", status=status, **shown)
    response.headers.update({"cache-control": "no-store", "vary": f"accept, {VARY}"})
    if isinstance(error, TooManyTries):
        response.headers["retry-after"] = str(error.params["seconds"])
    elif error is not None:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def _fields(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise NotForm(got=kind[:80])
    try:
        found = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:  # more fields than any form of ours has
        return {}
    return {name: values[0] for name, values in found.items()}


def _local(address: str, otherwise: str) -> str:
    """An address of this server: "//host" would lead elsewhere, and so would "/" with a backslash."""
    plain = "".join(one for one in address if one.isprintable() and one != "\\")
    parts = urlsplit(plain) if plain.startswith("/") and not plain.startswith("//") else None
    return plain if parts and not parts.netloc and not parts.scheme else otherwise


def _to(address: str, cookie: str | None = None) -> Response:
    headers = {"cache-control": "no-store", **({"set-cookie": cookie} if cookie else {})}
    return RedirectResponse(address, 303, headers)


def _access(request: Request) -> Access:
    found: Access = request.app.rules.access
    return found

"""The outermost guard of HTTP and WebSocket: origin, token, body, and headers on every answer.

Pure ASGI, before any route. It parses no JSON and knows no noun.
"""

from __future__ import annotations

from asyncio import timeout
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import errors
from app.api.access import Access
from app.api.arrivals import Arrivals
from app.api.bodies import require_modest
from app.api.errors import accepts_html
from app.api.origin import SAFE, require_own
from app.api.refusals import BodyStalled, BodyTooLarge, TooManyTries, Unauthorized
from app.core.errors import GlassnetError
from app.core.text import LANGUAGES

DRAIN_BYTES = 64 * 2**20
DRAIN_SECONDS = 5.0
"""How much, and how long, is taken and dropped of a body that was refused."""
LARGE_BODY = 32 * 2**10
"""Bytes of a body that take milliseconds to look through: others have their turn before each of them."""
UPLOADS = "/api/v1/uploads"
"""The one address whose body goes to its route as it comes, within a limit of its own."""
OPEN_PATHS = ("/livez", "/readyz", "/static/")
LOGIN_PATHS = frozenset(f"/{language}/login" for language in LANGUAGES)
"""What is answered without the token: health, files that hold nothing of the user's, and the form that
asks for the token."""

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            b"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
            b"frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    # Not "no-referrer": browsers would then send our own forms with "Origin: null".
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        (
            b"accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
            b"microphone=(), midi=(), payment=(), serial=(), usb=()"
        ),
    ),
)

LoginPage = Callable[[Scope, GlassnetError], Response]


@dataclass(frozen=True)
class Rules:
    """What the guard enforces. ``hosts`` are exact values of the Host header, in lower case."""

    hosts: frozenset[str]
    access: Access
    max_body: int
    max_depth: int
    max_upload: int
    login: LoginPage
    arrivals: Arrivals
    streamed: frozenset[str] = frozenset()
    """Paths whose routes take a large body piece by piece, and limit it themselves."""


class Guard:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            if scope["type"] == "websocket":
                await self._answer(scope, receive, send)
                return
            send = _with_headers(send)
            with (
                suppress(ClientDisconnect),  # it left in mid-body: nobody is there to answer
                self.rules.arrivals.body(scope, receive, kept=self._keeps(scope)) as body,
            ):
                await self._answer(scope, body.receive, send)
        except GlassnetError as error:
            await self._refuse(error, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what is refused before any route; what a route refuses is answered there."""
        headers = dict(scope["headers"])
        self._check(scope)
        if scope["type"] == "http" and self._reads(scope):
            receive = await self._body(scope, headers, receive)
        entered = self._entrance(scope)
        await (entered or self.app)(scope, receive, send)

    def _keeps(self, scope: Scope) -> bool:
        """Whether the body is held in memory until it is whole."""
        return self._reads(scope) and scope["path"] != UPLOADS

    def _reads(self, scope: Scope) -> bool:
        """Whether the body is to be read here, before any route."""
        return scope["method"] not in SAFE and scope["path"] not in self.rules.streamed

    def _check(self, scope: Scope) -> None:
        require_own(scope, self.rules.hosts)
        if not self._is_open(scope):
            self.rules.access.require(scope)

    def _is_open(self, scope: Scope) -> bool:
        """Whether the address is answered without the token."""
        return scope["path"] in LOGIN_PATHS or scope["path"].startswith(OPEN_PATHS)

    def _entrance(self, scope: Scope) -> ASGIApp | None:
        """A page opened with the right ``?token=``: the token moves from the address to a session."""
        access = self.rules.access
        if scope["type"] != "http" or scope["method"] != "GET" or access.open:
            return None
        # An open address was answered without a look at the brake on wrong tokens.
        if self._is_open(scope) or scope["path"].startswith("/api/"):
            return None
        if not access.from_query(scope):
            return None
        headers = {"set-cookie": access.set_cookie(), "cache-control": "no-store"}
        # "//host" would lead elsewhere.
        return RedirectResponse("/" + scope["path"].lstrip("/\\"), 303, headers)

    async def _body(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        if scope["path"] == UPLOADS and scope["method"] == "POST":
            _announced(headers, self.rules.max_upload)
            return _counted(receive, self.rules.max_upload)
        return await self._whole_body(headers, receive)

    async def _whole_body(self, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """Read the body within its limit, look at its depth, and hand it on in one piece."""
        limit = self.rules.max_body
        _announced(headers, limit)
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise BodyTooLarge(limit=limit)
            more = message.get("more_body", False)
        body = b"".join(parts)
        if len(body) > LARGE_BODY:
            await self.rules.arrivals.turn()
        if b"json" in headers.get(b"content-type", b"").lower():
            require_modest(body, self.rules.max_depth)
        return _replay({"type": "http.request", "body": body, "more_body": False}, receive)

    async def _refuse(
        self, error: GlassnetError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if isinstance(error, Unauthorized | TooManyTries) and _is_page(scope):
            await self.rules.login(scope, error)(scope, receive, send)
            return
        response = errors.answer(error, scope)
        if isinstance(error, BodyTooLarge):
            await response(scope, receive, _then_drain(receive, send))
        elif scope["type"] == "http":
            await response(scope, receive, send)
        elif "websocket.http.response" in scope.get("extensions", {}):
            await response(scope, receive, _with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": error.code})


def _announced(headers: dict[bytes, bytes], limit: int) -> None:
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise BodyTooLarge(limit=limit)


def _counted(receive: Receive, limit: int) -> Receive:
    """The body as it comes; more than ``limit`` bytes of it are refused."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise BodyTooLarge(limit=limit)
        return message

    return counting


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            own = {name for name, _ in SECURITY_HEADERS}
            kept = [(name, value) for name, value in message["headers"] if name not in own]
            if message.get("status") == BodyStalled.status:
                kept.append((b"connection", b"close"))  # the rest of the body is not waited for
            message = {**message, "headers": [*kept, *SECURITY_HEADERS]}
        await send(message)

    return guarded


def _then_drain(receive: Receive, send: Send) -> Send:
    """Sends the whole answer, then takes what the client is still sending and drops it.

    A connection that is closed over unread bytes is reset, and the client would never see why.
    """

    async def draining(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        dropped, more = 0, True
        with suppress(TimeoutError):
            async with timeout(DRAIN_SECONDS):
                while more and dropped < DRAIN_BYTES:
                    part = await receive()
                    dropped += len(part.get("body", b""))
                    more = part.get("more_body", False)
        await send({"type": "http.response.body", "body": b""})

    return draining


def _replay(first: Message, rest: Receive) -> Receive:
    pending: list[Message] = [first]

    async def receive() -> Message:
        return pending.pop() if pending else await rest()

    return receive


def _is_page(scope: Scope) -> bool:
    """Whether a browser asks for a page, which then asks for the token."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    return not scope["path"].startswith("/api/") and accepts_html(scope)

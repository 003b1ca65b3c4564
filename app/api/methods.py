"""HEAD and OPTIONS for every route: HEAD is GET without its body, OPTIONS and 405 name what is possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(routes: Iterable[BaseRoute], scope: Mapping[str, Any]) -> str:
    """The value of Allow for the request's address; empty where there is nothing."""
    # A mount that has been entered has moved the root.
    asked = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path", ""))}
    found: list[str] = []
    for route in routes:
        for method in ("GET",) if isinstance(route, Mount) else METHODS:
            match, _ = route.matches({**asked, "method": method})
            if match is Match.FULL and method not in found:
                found.append(method)
    named = [one for method in METHODS if method in found for one in _with_head(method)]
    return ", ".join([*named, "OPTIONS"]) if named else ""


def _with_head(method: str) -> tuple[str, ...]:
    return (method, "HEAD") if method == "GET" else (method,)


class Methods:
    """Wraps what has the routes. The answer to HEAD has the headers of GET's, its length too."""

    def __init__(self, app: ASGIApp, routes: list[BaseRoute]) -> None:
        self.app = app
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == "http" else ""
        if method == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
            return
        if method == "OPTIONS" and (found := allowed(self.routes, scope)):
            headers = {"allow": found, "cache-control": "no-store"}
            await Response(status_code=204, headers=headers)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def bodiless(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return bodiless

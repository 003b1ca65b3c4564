"""Turns every exception into one shape of answer: RFC 9457 problem+json, or a page for a browser."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as PydanticError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api import encode
from app.api.language import VARY, preferred, quality
from app.api.methods import allowed
from app.api.refusals import (
    MethodNotAllowed,
    NoSuchAddress,
    RequestRefused,
    TooManyTries,
    Unauthorized,
    UpgradeNeeded,
)
from app.core import invalid
from app.core.errors import GlassnetError, Invalid, Problem
from app.core.text import Language, Text


class ProblemDetails(BaseModel):
    """The body of every error (RFC 9457). ``code`` is stable; ``message`` is in both languages.

    ``problems`` lists the single places where there are several, each with a JSON pointer into the
    request's body. ``detail`` is ``message`` in the language of Accept-Language.
    """

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    params: dict[str, Any]
    message: Text
    problems: list[Problem]


def details(error: GlassnetError, instance: str, language: Language = "en") -> dict[str, Any]:
    """The error as the members of a problem document."""
    own = error.problem()
    problems = error.problems or ((own,) if own.pointer or own.repairs else ())
    return {
        "type": f"urn:glassnet:problem:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": own.message.say(language),
        "instance": instance,
        "code": error.code,
        "params": error.params,
        "message": own.message,
        "problems": problems,
    }


def answer(
    error: GlassnetError, scope: Mapping[str, Any], headers: dict[str, str] | None = None
) -> Response:
    """The response to a request (an ASGI scope) that met ``error``."""
    language = preferred(scope)
    given = {"vary": f"accept, {VARY}", **demands(error), **(headers or {})}
    return encode.Problem(details(error, scope["path"], language), error.status, given)


def demands(error: GlassnetError) -> dict[str, str]:
    """Headers that an error's status asks for, wherever it was raised."""
    if isinstance(error, Unauthorized):
        return {"www-authenticate": "Bearer"}
    if isinstance(error, TooManyTries):
        return {"retry-after": str(error.params["seconds"])}
    if isinstance(error, UpgradeNeeded):
        return {"upgrade": "websocket", "connection": "upgrade"}
    if isinstance(error, MethodNotAllowed):
        return {"allow": error.params["allowed"]}
    return {}


def invalid_request(error: RequestValidationError) -> Invalid:
    """A query or path parameter that does not fit; the pointer names it as ``/query/limit``."""
    problems: list[Problem] = []
    for found in error.errors():
        single = PydanticError.from_exception_data("request", [_line(found)])
        problems.extend(invalid.problems(single))
    return Invalid(problems=tuple(problems))


def _line(found: Mapping[str, Any]) -> Any:
    known = {"type": found["type"], "loc": found["loc"], "input": found.get("input")}
    return {**known, "ctx": found["ctx"]} if "ctx" in found else known


def translate(error: Exception, request: Request) -> GlassnetError:
    """Any exception as one of ours; what is not known is an internal error without details."""
    if isinstance(error, GlassnetError):
        return error
    if isinstance(error, RequestValidationError):
        return invalid_request(error)
    if isinstance(error, HTTPException):
        return _of_http(error, request)
    return GlassnetError()


def _of_http(error: HTTPException, request: Request) -> GlassnetError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NoSuchAddress(path=request.url.path[:200])
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        named = allowed(request.app.routes, request.scope)
        return MethodNotAllowed(method=request.method[:20], allowed=named)
    return RequestRefused(reason=error.detail)


def install(app: FastAPI, page: Any) -> None:
    """Register the one handler; ``page(request, error)`` answers a browser that looks at a page."""

    async def handle(request: Request, error: Exception) -> Response:
        ours = translate(error, request)
        if wants_page(request):
            response: Response = page(request, ours)
            response.headers.update(demands(ours))
            return response
        return answer(ours, request.scope)

    for kind in (GlassnetError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def wants_page(request: Request) -> bool:
    """Whether a person looks: a page's address, asked for by a browser."""
    path = request.url.path
    if path.startswith(("/api/", "/static/", "/livez", "/readyz")):
        return False
    return accepts_html(request.scope)


def accepts_html(scope: Mapping[str, Any]) -> bool:
    """Whether the client names HTML among what it takes; ``*/*`` alone is a program."""
    for name, value in scope["headers"]:
        for entry in value.decode("latin-1").lower().split(",") if name == b"accept" else ():
            kind, _, parameters = entry.partition(";")
            if kind.strip() == "text/html" and quality(parameters) > 0:
                return True
    return False


def short(error: GlassnetError) -> str:
    """The reason in a WebSocket's close: at most 123 bytes."""
    return error.text.en.encode()[:123].decode(errors="ignore")

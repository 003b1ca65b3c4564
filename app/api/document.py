"""How routes describe themselves in OpenAPI: error answers, binary answers."""

from __future__ import annotations

from typing import Any

SAFETENSORS = "application/vnd.safetensors"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_MEANINGS = {
    400: "The request is malformed: no JSON, nested too deep, or a header is there twice.",
    401: "The token is missing or wrong.",
    403: "The request comes from a foreign page.",
    404: "There is no such thing.",
    405: "The address has no such method; the header Allow names those that it has.",
    408: "The request stopped coming.",
    409: "Not possible in the present state.",
    413: "The body is too large.",
    415: "The body is not declared as what the route reads.",
    421: "The server does not answer to this host.",
    422: "The request does not fit its schema, or the network cannot be built.",
    426: "The address is that of a WebSocket.",
    429: "Too many wrong tokens came from this address; the header Retry-After says how long to wait.",
    431: "The headers are too large.",
    500: "An error of the server's own.",
    502: "Another server did not answer as it should.",
    503: "The server cannot do this at the moment.",
    504: "The answer took too long.",
    507: "The disk is full.",
}
_ANYWHERE = (400, 401, 403, 408, 421, 429, 431, 503)
"""What any route may answer, whatever it does."""

_HEADERS = {
    401: ("WWW-Authenticate", "How to present the token.", "string"),
    405: ("Allow", "The methods of this address.", "string"),
    429: ("Retry-After", "Seconds to wait.", "integer"),
}

Responses = dict[int | str, dict[str, Any]]


def failures(*statuses: int) -> Responses:
    """Problem documents for these statuses and, as the default, for every other error."""
    found: Responses = {status: _answer(status) for status in (*_ANYWHERE, *statuses)}
    return {**found, "default": {"description": "Any other error.", "content": _PROBLEM}}


def _answer(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": _PROBLEM}
    if status in _HEADERS:
        name, meaning, kind = _HEADERS[status]
        found["headers"] = {name: {"description": meaning, "schema": {"type": kind}}}
    return found


def shared() -> dict[str, Any]:
    """Every error answer by its status, for ``components.responses``."""
    return {str(status): _answer(status) for status in _MEANINGS}


def binary(description: str, status: int = 200) -> Responses:
    """A safetensors file as the answer."""
    schema = {"type": "string", "format": "binary"}
    return {status: {"description": description, "content": {SAFETENSORS: {"schema": schema}}}}


READS_BODY = (400, 413, 415, 422)
"""What a route that reads a body may refuse it with."""

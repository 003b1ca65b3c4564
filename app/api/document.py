"""How routes describe themselves in OpenAPI: error answers, binary answers; and the document that the
page's types are made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SAFETENSORS = "application/vnd.safetensors"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_MEANINGS = {
    400: "The request is malformed: no JSON, nested too deep, or a header is there twice.",
    401: "The token is missing or wrong.",
    403: "The request comes from a foreign page.",
    404: "There is no such thing.",
    405: "The address has no such method; the header Allow names those that it has.",
    408: "The request stopped coming, or came too slowly.",
    409: "Not possible in the present state.",
    413: "The body is too large.",
    414: "The address is too long.",
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


READS_BODY = (400, 408, 413, 415, 422, 503)
"""What a route that reads a body may refuse it with."""

_REFERENCE = "#/components/schemas/"
_PART = {
    "type": "object",
    "title": "PartValue",
    "description": "A part of the catalogue: its type and its fields.",
    "properties": {"type": {"type": "string"}},
    "required": ["type"],
    "additionalProperties": True,
}


def with_opaque_parts(document: dict[str, Any], parts: Iterable[str]) -> dict[str, Any]:
    """The document with one schema in place of those of ``parts`` (names of components).

    What a client knows of a part it reads from the catalogue: a new part changes no type of the page.
    """
    opaque = {f"{_REFERENCE}{name}" for name in parts}

    def reduced(value: Any) -> Any:
        if isinstance(value, list):
            return [reduced(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("$ref") in opaque or _chooses_from(value, opaque):
            return {"$ref": f"{_REFERENCE}PartValue"}
        return {key: reduced(item) for key, item in value.items()}

    found = reduced(document)
    schemas = {**found["components"]["schemas"], "PartValue": _PART}
    inner = _reached(document["components"], document["components"]["schemas"])
    outermost = [schemas[name] for name in schemas if name not in inner]
    kept = _reached([found["paths"], outermost], schemas)
    kept |= {name for name in schemas if name not in inner and "$ref" not in schemas[name]}
    found["components"]["schemas"] = {name: schemas[name] for name in sorted(kept)}
    return dict(found)


def _chooses_from(schema: dict[str, Any], names: set[str]) -> bool:
    """Whether a schema is a union of such components alone."""
    mapping = schema.get("discriminator", {}).get("mapping", {})
    return bool(mapping) and set(mapping.values()) <= names


def _reached(start: Any, schemas: dict[str, Any]) -> set[str]:
    """The components that ``start`` refers to, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            name = str(value.get("$ref", "")).removeprefix(_REFERENCE)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(value.values())
    return found

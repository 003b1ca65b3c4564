"""How routes describe themselves in OpenAPI: error answers, binary answers."""

from __future__ import annotations

from typing import Any

SAFETENSORS = "application/vnd.safetensors"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
_MEANINGS = {
    400: "The body is no JSON, or nested too deep.",
    401: "The token is missing or wrong.",
    403: "The request comes from a foreign page.",
    404: "There is no such thing.",
    408: "The body stopped coming, or came too slowly.",
    409: "Not possible in the present state.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "The request does not fit its schema, or the network cannot be built.",
    503: "The server cannot do this at the moment.",
    507: "The disk is full.",
}

Responses = dict[int | str, dict[str, Any]]


def failures(*statuses: int) -> Responses:
    """Problem documents for these statuses and, as the default, for every other error."""
    found: Responses = {
        status: {"description": _MEANINGS[status], "content": _PROBLEM} for status in statuses
    }
    return {**found, "default": {"description": "Any other error.", "content": _PROBLEM}}


def binary(description: str, status: int = 200) -> Responses:
    """A safetensors file as the answer."""
    schema = {"type": "string", "format": "binary"}
    return {status: {"description": description, "content": {SAFETENSORS: {"schema": schema}}}}


READS_BODY = (400, 408, 413, 415, 422, 503)
"""What a route that reads a body may refuse it with."""

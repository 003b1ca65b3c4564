"""Request bodies: raw JSON bytes, validated strictly by pydantic, with every misfit named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import accumulate
from re import DOTALL
from re import compile as pattern
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from app.api.refusals import NotJson
from app.core import invalid
from app.core.errors import Invalid
from app.core.names import TYPED

T = TypeVar("T")

_STRING = pattern(rb'"(?:[^"\\]|\\.)*"?', DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LEVEL = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def depth(body: bytes) -> int:
    """How deep objects and lists are nested in JSON text, without parsing it."""
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    return max(accumulate((_LEVEL[byte] for byte in brackets), initial=0))


def parse(adapter: TypeAdapter[T], body: bytes) -> T:
    """The validated body; raises :class:`Invalid` with a problem for every misfit."""
    try:
        return adapter.validate_json(body, strict=True, context=TYPED)
    except ValidationError as error:
        raise Invalid(problems=invalid.problems(error, body)) from None


def body(adapter: TypeAdapter[T]) -> Callable[[Request], Awaitable[T]]:
    """A dependency that reads and validates the request's JSON."""

    async def read(request: Request) -> T:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise NotJson(got=kind[:80])
        return parse(adapter, await request.body())

    return read


def documented(name: str, *examples: tuple[str, Any]) -> dict[str, Any]:
    """OpenAPI's description of a body that :func:`body` reads: the component ``name``."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if examples:
        content["examples"] = {title: {"value": value} for title, value in examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}

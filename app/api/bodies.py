"""Request bodies: raw JSON bytes, validated strictly by pydantic, with every misfit named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from app.api.refusals import JsonTooDeep, JsonTooLong, NotJson
from app.core import invalid
from app.core.errors import Invalid

T = TypeVar("T")

Signs = NDArray[np.uint8]
_OPENING = np.frombuffer(b"[{", np.uint8)
_CLOSING = np.frombuffer(b"]}", np.uint8)
MOST_VALUES = 100_000
"""Values in a body: a watched sample has 65,536 numbers."""
MOST_KEYS = 20_000
"""Fields in a body: the largest network has some thousands. Each costs a validator far more than a number."""


def depth(body: bytes) -> int:
    """How deep objects and lists are nested in JSON text, without parsing it."""
    return _depth(_outside_strings(body))


def require_modest(body: bytes, deepest: int) -> None:
    """Raises what is too much about JSON text before anything is made of it: depth, values, fields."""
    signs = _outside_strings(body)
    if _depth(signs) > deepest:
        raise JsonTooDeep(limit=deepest)
    if _count(signs, b",") >= MOST_VALUES or _count(signs, b":") > MOST_KEYS:
        raise JsonTooLong(values=MOST_VALUES, keys=MOST_KEYS)


def _outside_strings(body: bytes) -> Signs:
    """The bytes of JSON text that stand behind an even number of quotation marks, escaped ones left out."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs: Signs = np.frombuffer(body, np.uint8)
    marks = np.cumsum(signs == ord('"'), dtype=np.uint8)  # modulo 256, which keeps what is even
    outside: Signs = signs[(marks & 1) == 0]
    return outside


def _depth(signs: Signs) -> int:
    brackets = signs[(signs | 0x26) == 0x7F]  # [ ] { } and few others
    steps = (np.isin(brackets, _OPENING) * 1) - np.isin(brackets, _CLOSING)
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


def _count(signs: Signs, sign: bytes) -> int:
    return int(np.count_nonzero(signs == ord(sign)))


def parse(adapter: TypeAdapter[T], body: bytes) -> T:
    """The validated body; raises :class:`Invalid` with a problem for every misfit."""
    try:
        return adapter.validate_json(body, strict=True)
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

"""Request bodies: raw JSON bytes, validated strictly by pydantic, with every misfit named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from app.api.refusals import JsonTooDeep, JsonTooLong, NotJson
from app.core import invalid
from app.core.errors import Invalid
from app.core.names import TYPED

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
    return _parsed(adapter, body)[0]


def _parsed(adapter: TypeAdapter[T], body: bytes) -> tuple[T, bytes]:
    """The validated body, and the JSON that it was validated from."""
    try:
        return _validated(adapter, body)
    except ValidationError as error:
        raise Invalid(problems=invalid.problems(error, body)) from None


def validated(adapter: TypeAdapter[T], body: bytes) -> T:
    """The validated JSON. 3.0 is a whole number like 3, as JSON Schema has it; raises ValidationError."""
    return _validated(adapter, body)[0]


def _validated(adapter: TypeAdapter[T], body: bytes) -> tuple[T, bytes]:
    try:
        return adapter.validate_json(body, strict=True, context=TYPED), body
    except ValidationError as error:
        whole = _whole(body) if any(map(_is_whole, error.errors(include_url=False))) else None
        if whole is None:
            raise
        return adapter.validate_json(whole, strict=True, context=TYPED), whole


def _is_whole(misfit: Any) -> bool:
    value = misfit["input"]
    wanted = misfit["type"] in ("int_type", "literal_error")
    return wanted and isinstance(value, float) and value.is_integer()


def _whole(body: bytes) -> bytes | None:
    """The JSON with every number such as 3.0 or 3e2 written as a whole one; None where it cannot be."""
    try:
        return json.dumps(json.loads(body, parse_float=_number)).encode()
    except (ValueError, RecursionError):
        return None


def _number(written: str) -> int | float:
    value = float(written)
    exact = value.is_integer() and abs(value) <= 2**53
    return int(value) if exact and not (value == 0 and written.startswith("-")) else value


async def read(request: Request, adapter: TypeAdapter[T]) -> tuple[T, bytes]:
    """The request's JSON, validated, and its bytes: they validate again wherever they are carried."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise NotJson(got=kind[:80])
    return _parsed(adapter, await request.body())


def body(adapter: TypeAdapter[T]) -> Callable[[Request], Awaitable[T]]:
    """A dependency that reads and validates the request's JSON."""

    async def validate(request: Request) -> T:
        return (await read(request, adapter))[0]

    return validate


def documented(name: str, *examples: tuple[str, Any]) -> dict[str, Any]:
    """OpenAPI's description of a body that :func:`body` reads: the component ``name``."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if examples:
        content["examples"] = {title: {"value": value} for title, value in examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}

"""The one encoder of outgoing JSON: numbers that are not finite become strings, never bare NaN."""

from __future__ import annotations

from typing import Any

import pydantic_core
from starlette.responses import Response


def encode(value: Any) -> bytes:
    """UTF-8 JSON of plain data and models; NaN and infinities as ``"NaN"``, ``"Infinity"``…"""
    return pydantic_core.to_json(value, inf_nan_mode="strings")


class Json(Response):
    """A JSON answer; it must not be stored, for almost everything here changes while one looks."""

    media_type = "application/json"

    def __init__(
        self, content: Any, status_code: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(content, status_code, {"cache-control": "no-store", **(headers or {})})

    def render(self, content: Any) -> bytes:
        return encode(content)


def as_written(
    content: bytes, status_code: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """JSON as a worker wrote it."""
    told = {"cache-control": "no-store", **(headers or {})}
    return Response(content, status_code, told, "application/json")


class Problem(Json):
    """An error as RFC 9457 has it."""

    media_type = "application/problem+json"

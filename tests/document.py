"""The OpenAPI document as the server gives it, made once a process: it takes two seconds."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from app.main import openapi_document


@cache
def _written() -> str:
    return json.dumps(openapi_document())


def served_document() -> dict[str, Any]:
    """A copy of its own for each who asks: some add to it."""
    found: dict[str, Any] = json.loads(_written())
    return found

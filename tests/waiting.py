"""Waiting in tests: look again until something is there, or say what did not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PATIENCE_S = 60.0
"""Generous: the machine may be slow and shared."""
PAUSE_S = 0.02


def until(look: Callable[[], Seen | None], what: str, timeout: float = PATIENCE_S) -> Seen:
    """The first truthy thing that ``look`` gives; fails the test with ``what`` after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, _late(what, timeout, seen)
        time.sleep(PAUSE_S)


async def eventually(
    look: Callable[[], Awaitable[Seen | None]], what: str, seconds: float = PATIENCE_S
) -> Seen:
    """As :func:`until`, where a look has to be awaited or others have to go on meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        seen = await look()
        if seen:
            return seen
        assert time.monotonic() < deadline, _late(what, seconds, seen)
        await asyncio.sleep(PAUSE_S)


def _late(what: str, timeout: float, seen: object) -> str:
    return f"{what} did not come within {timeout:g} s; last seen: {seen!r}"

"""Waiting in tests: look again until something is there, or say what did not come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PATIENCE_S = 30.0
"""Generous: the machine may be slow and shared."""
PAUSE_S = 0.03


def until(look: Callable[[], Seen | None], what: str, timeout: float = PATIENCE_S) -> Seen:
    """The first truthy thing that ``look`` gives; fails the test with ``what`` after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {timeout:g} s; last seen: {seen!r}")
        time.sleep(PAUSE_S)

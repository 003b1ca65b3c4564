"""What becomes of a start that failed or came too late."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from app.core.errors import GlassnetError
from app.core.text import Text
from app.runs.link import Link

FATAL = frozenset({"spec_broken", "data_missing", "device_missing", "too_large"})
"""What a worker may report that makes the run impossible rather than interrupted."""
_log = structlog.get_logger(__name__)


def is_fatal(error: Exception) -> bool:
    return isinstance(error, GlassnetError) and error.code in FATAL


def reason_of(error: Exception) -> Text:
    return error.text if isinstance(error, GlassnetError) else Text(en=str(error), zh=str(error))


def log_failure(task: asyncio.Task[Link]) -> None:
    """Whoever waits for a start gets its error; nobody need wait."""
    if not task.cancelled() and task.exception() is not None:
        _log.warning("run not started", error=str(task.exception()))


def end_unwanted(spawning: asyncio.Task[Any]) -> None:
    """A worker that came too late."""
    if not spawning.cancelled() and spawning.exception() is None:
        spawning.result().sock.close()
        spawning.result().kill()

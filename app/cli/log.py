"""Where log lines go: standard error, so that what a command prints stays clean."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.core.quoted import line


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with a proper answer for a fault of ours, and says
    that the start failed after the sentence that says why."""
    said = record.getMessage()
    return "without completing handshake" not in said and "startup failed. Exiting" not in said


def indented(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What is told of a name, an answer or an error cannot pass for a line of its own: all further
    lines of a value are indented, and what moves a terminal's cursor is shown as a sign."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = "\n    ".join(line(one.expandtabs()) for one in value.split("\n"))
    if "exception" in event:  # the renderer gives it lines of its own
        event["exception"] = f"    {event['exception']}"
    return event


def configure() -> None:
    """Lines with time and level; colours only on a terminal."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            indented,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

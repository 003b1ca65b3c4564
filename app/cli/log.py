"""Where log lines go: standard error, so that what a command prints stays clean."""

from __future__ import annotations

import logging
import sys

import structlog


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with a proper answer for a fault of ours, and says
    that the start failed after the sentence that says why."""
    said = record.getMessage()
    return "without completing handshake" not in said and "startup failed. Exiting" not in said


def configure() -> None:
    """Lines with time and level; colours only on a terminal."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

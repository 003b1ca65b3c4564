"""Log lines: what is told of a name or an error cannot pass for a line of its own, or move the cursor."""

from __future__ import annotations

import io

import structlog

from app.cli import log


def test_values_stay_in_their_line() -> None:
    log.configure()
    configured = structlog.get_config()
    out = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=configured["processors"],
        wrapper_class=configured["wrapper_class"],
    )
    forged = "x\n2026-01-01 00:00:00 [info     ] all is well\r\x1b[2J\u202e"
    try:
        raise ValueError(forged)
    except ValueError:
        logger.exception("not kept", name=forged)
    structlog.reset_defaults()
    written = out.getvalue()
    first, *others = written.rstrip("\n").split("\n")
    assert "not kept" in first
    assert others
    assert all(one.startswith("    ") for one in others)
    for sign in ("\r", "\x1b", "\u202e"):
        assert sign not in written

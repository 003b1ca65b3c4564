"""Cursors of the pages of a list of runs: opaque to those who send them back."""

from __future__ import annotations

import base64
import binascii

from app.core.errors import Invalid


def cursor_after(run: str) -> str:
    """The cursor of the page that follows a run."""
    return base64.urlsafe_b64encode(run.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """The run that a page ended with; raises Invalid."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise Invalid(pointer="/query/cursor") from error

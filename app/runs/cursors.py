"""The cursor of a list of runs: the last run that is already known, so that nobody builds on its form."""

from __future__ import annotations

import base64
import binascii

from app.core.errors import Invalid


def cursor_of(run: str) -> str:
    return base64.urlsafe_b64encode(run.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Raises Invalid."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise Invalid(pointer="/query/cursor") from error

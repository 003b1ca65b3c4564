"""Cookies of a request, read without a fault: what is no cookie of ours is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable

Headers = Iterable[tuple[bytes, bytes]]

_BETWEEN = re.compile("[;,]")
"""Cookies stand between semicolons; a proxy may join two Cookie headers by a comma."""


def cookies(headers: Headers, name: str) -> tuple[str, ...]:
    """Every value that is given under this name, in order; of a header that was sent twice all.

    All ports of a host share their cookies, so there may be anything beside ours.
    """
    found: list[str] = []
    for key, value in headers:
        if key != b"cookie":
            continue
        for pair in _BETWEEN.split(value.decode("latin-1")):
            given, equals, content = pair.partition("=")
            if equals and given.strip() == name:
                found.append(content.strip().strip('"'))
    return tuple(found)

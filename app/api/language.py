"""Which of the two languages an answer is in: the path, the cookie, then Accept-Language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from app.api.cookies import cookies
from app.core.text import Language

COOKIE = "language"
VARY = "accept-language, cookie"
"""Header Vary of an answer whose language follows :func:`preferred`."""
LANGUAGES: tuple[Language, ...] = get_args(Language)


def preferred(scope: Mapping[str, Any]) -> Language:
    """The language for a request, given as its ASGI scope."""
    headers = scope.get("headers", ())
    first = str(scope.get("path", "")).split("/", 2)[1:2]
    for candidate in (*first, *cookies(headers, COOKIE)):
        for language in LANGUAGES:
            if candidate == language:
                return language
    named = [value.decode("latin-1") for name, value in headers if name == b"accept-language"]
    return _accepted(",".join(named))


def _accepted(header: str) -> Language:
    """The better liked of the two; English where neither is named."""
    best: tuple[float, Language] = (0.0, "en")
    for entry in header.split(","):
        tag, _, rest = entry.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if primary == language:
                best = max(best, (quality(rest), language), key=lambda pair: pair[0])
    return best[1]


def quality(parameters: str) -> float:
    """The weight q among the parameters of an entry of Accept or Accept-Language; 1 where none is."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "q":
            continue
        try:
            weight = float(value)
        except ValueError:
            return 0.0
        return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0

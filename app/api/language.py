"""Which of the two languages an answer is in: the path, the cookie, then Accept-Language."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, get_args

from app.core.text import Language

COOKIE = "language"
LANGUAGES: tuple[Language, ...] = get_args(Language)


def preferred(scope: Mapping[str, Any]) -> Language:
    """The language for a request, given as its ASGI scope."""
    headers = {name: value.decode("latin-1") for name, value in scope.get("headers", ())}
    first = str(scope.get("path", "")).split("/", 2)[1:2]
    for candidate in (*first, _cookie(headers.get(b"cookie", ""))):
        for language in LANGUAGES:
            if candidate == language:
                return language
    return _accepted(headers.get(b"accept-language", ""))


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _accepted(header: str) -> Language:
    """The better liked of the two; English where neither is named."""
    best: tuple[float, Language] = (0.0, "en")
    for entry in header.split(","):
        tag, _, rest = entry.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if primary == language:
                best = max(best, (_weight(rest), language), key=lambda pair: pair[0])
    return best[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0

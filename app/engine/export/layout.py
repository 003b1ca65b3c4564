"""Long expressions over several lines, as a formatter would lay them out. Text in, text out."""

from __future__ import annotations

import re

WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"
_SAID = re.compile(r""" "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \#.* """, re.VERBOSE)
"""Literals and a remark: what brackets and commas in them mean is nobody's business here."""


def statement(text: str, indent: int = 0, comment: str = "") -> str:
    """One statement, broken at its last outer bracket where it is too long; ends without newline."""
    return "\n".join(_lines(text, indent, f"  # {comment}" if comment else ""))


def _lines(text: str, indent: int, comment: str) -> list[str]:
    line = " " * indent + text
    if len(line) + len(comment) <= WIDTH:
        return [line + comment]
    signs = _signs(text)
    start = _outer(signs)
    if start is None:
        return [line + comment]
    end = _match(signs, start)
    head, inner, tail = text[: start + 1], text[start + 1 : end], text[end:]
    found = [" " * indent + head + comment]
    filled = _filled(inner, indent + 4)
    for item in filled or split(inner):
        found += _lines(item.rstrip(",") + ",", indent + 4, "")
    return [*found, " " * indent + tail]


def _filled(inner: str, indent: int) -> list[str] | None:
    """All arguments on one line, where they fit there."""
    return [inner] if len(inner) + indent < WIDTH else None


def split(inner: str) -> list[str]:
    """The items of ``a, b(c, d), e`` at the commas that stand in no bracket."""
    items, depth, start = [], 0, 0
    for place, sign in enumerate(_signs(inner)):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign == "," and depth == 0:
            items.append(inner[start:place].strip())
            start = place + 1
    return [*items, inner[start:].strip()] if inner[start:].strip() else items


def _signs(text: str) -> str:
    """The text with a letter for every character of a literal or remark; places stay the same."""
    return _SAID.sub(lambda found: "s" * len(found[0]), text)


def _outer(text: str) -> int | None:
    """Where the bracket opens that closes last."""
    end = max((text.rfind(sign) for sign in _CLOSE), default=-1)
    depth = 0
    for place in range(end, -1, -1):
        depth += (text[place] in _CLOSE) - (text[place] in _OPEN)
        if depth == 0:
            return place if end - place > 1 else None
    return None


def _match(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if depth == 0:
            return place
    return len(text)

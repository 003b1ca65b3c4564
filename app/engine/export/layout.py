"""Long expressions over several lines, as a formatter would lay them out. Text in, text out."""

from __future__ import annotations

WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"


def statement(text: str, indent: int = 0, comment: str = "") -> str:
    """One statement, broken at its last outer bracket where it is too long; ends without newline."""
    return "\n".join(_lines(text, indent, f"  # {comment}" if comment else ""))


def _lines(text: str, indent: int, comment: str) -> list[str]:
    line = " " * indent + text
    if len(line) + len(comment) <= WIDTH:
        return [line + comment]
    start = _outer(text)
    if start is None:
        return [line + comment]
    head, inner, tail = text[: start + 1], text[start + 1 :], ""
    end = _match(text, start)
    inner, tail = text[start + 1 : end], text[end:]
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
    for place, sign in enumerate(inner):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign == "," and depth == 0:
            items.append(inner[start:place].strip())
            start = place + 1
    return [*items, inner[start:].strip()] if inner[start:].strip() else items


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

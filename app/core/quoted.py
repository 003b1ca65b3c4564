"""What people typed as data in files that are made: Python, Markdown, a line of text. Pure functions.

Whatever the text, a literal stays one literal, a docstring one docstring, a remark one remark and a
heading one heading.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[^\W_](?:[^\W_]|[ ,+()-])*")
"""Words and numbers: nothing that Markdown, HTML or mathematics could take for a sign of its own."""
JOINERS = "\u200c\u200d"
"""Persian words and many emoji are written with them."""
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))


def literal(said: str) -> str:
    """A Python string in double quotes, ASCII only: it evaluates to ``said``, character by character."""
    return f'"{_escaped(said, ascii_only=True)}"'


def docstring(said: str) -> str:
    """A docstring on one line; what is readable stays so, the rest is escaped as in any literal.

    Half a character (a surrogate) is shown as �: Python makes no class of a docstring with one.
    """
    said = "".join("�" if unicodedata.category(one) == "Cs" else one for one in said)
    return f'"""{_escaped(said, ascii_only=False)}"""'


def remark(said: str) -> str:
    """A Python comment on one line; in the first two of a file Python looks for an encoding."""
    return f"# {line(said)}".rstrip()


def markdown(said: str) -> str:
    """Text that Markdown shows as it was typed: no heading, link, HTML or formula comes of it.

    Plain words are said as they are, all else as code: between backticks nothing is a sign.
    """
    shown = line(said).strip()
    if not shown or _PLAIN.fullmatch(shown):
        return shown
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    inner = f" {shown} " if "`" in (shown[0], shown[-1]) else shown
    return f"{fence}{inner}{fence}"


def line(said: str) -> str:
    """One line of visible text in the order in which it was typed: � for what breaks or turns it."""
    return "".join(one if visible(one) else "�" for one in said)


def visible(character: str) -> bool:
    """Whether it neither controls nor turns nor hides; a blank is visible, a line break is not."""
    return unicodedata.category(character) not in _UNSEEN or character in JOINERS


def _escaped(said: str, *, ascii_only: bool) -> str:
    return "".join(_sign(one, ascii_only=ascii_only) for one in said)


def _sign(one: str, *, ascii_only: bool) -> str:
    if one in '\\"':
        return f"\\{one}"
    if visible(one) and (one.isascii() or not ascii_only):
        return one
    return one.encode("unicode_escape").decode("ascii")

"""LaTeX of the catalogue as MathML, which browsers draw without a script."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup

_UPRIGHT = re.compile(r'(?:<mi mathvariant="(?:normal|sans-serif)">[^<]*</mi>)+')
_LETTERS = re.compile(r">([^<]*)</mi>")
_SAFE = re.compile(r"<(?!/?m[a-z]+[ />])")


@lru_cache(maxsize=512)
def mathml(latex: str) -> Markup:
    """A displayed formula. The input is the catalogue's own, never a visitor's."""
    from latex2mathml.converter import convert

    written = convert(latex, display="block")
    written = written.replace("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>")
    written = written.replace('width="negativethinmathspace"', 'width="-0.167em"')
    written = _UPRIGHT.sub(lambda found: _word(found.group()), written)
    if _SAFE.search(written):
        raise ValueError(f"not MathML alone: {latex}")
    return Markup(written)


def _word(letters: str) -> str:
    """Single upright letters as one word: MathML draws an identifier of many letters upright."""
    word = "".join(_LETTERS.findall(letters))
    return f'<mi mathvariant="normal">{word}</mi>' if len(word) == 1 else f"<mi>{word}</mi>"

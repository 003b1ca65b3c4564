"""What people call things: which characters a name may hold, and how one that holds others is cleaned.

A request is told what is wrong with a name (:data:`TYPED`); what is read from a disk, a file of
somebody else's or an older version is cleaned, so that it can always be opened.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from app.core.quoted import JOINERS, line

TYPED: dict[str, Any] = {"typed": True}
"""The context in which a name is refused rather than cleaned: somebody is there to read why."""

LONGEST_NAME = 80
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the order in which everything after them is shown."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by name that show nothing."""


def clean(said: str) -> str:
    """The name as one visible line: composed (NFC), trimmed, line breaks and tabs as blanks, without
    what controls, turns or takes no place. Empty where nothing can be seen of it."""
    if said.isascii() and said.isprintable():
        return said.strip()
    composed = unicodedata.normalize("NFC", said)
    kept = "".join(map(_cleaned, composed if len(composed) <= len(said) else said)).strip()
    return kept if any(map(_seen, kept)) else ""


def shown(said: str) -> str:
    """What somebody's data are called, to be shown: cleaned, and never empty for what is not."""
    return clean(said) or line(said)


def check_name(said: str, info: ValidationInfo) -> str:
    """The cleaned name; of somebody who typed it, what breaks or turns a line is refused."""
    if info.context is not None and info.context.get("typed"):
        for place, one in enumerate(said.strip(), 1):
            if _breaks(one):
                code = f"U+{ord(one):04X}"
                raise PydanticCustomError(
                    "name_character",
                    "holds a character that cannot be shown",
                    {"character": code, "place": place + len(said) - len(said.lstrip())},
                )
    return clean(said)


def check_given(said: str, info: ValidationInfo) -> str:
    """A name that must say something."""
    name = check_name(said, info)
    if not name:
        raise PydanticCustomError("name_empty", "says nothing")
    return name


_NONE_AT_ENDS = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_DOCUMENTED = Field(
    json_schema_extra={
        "pattern": "^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef"
        f"{_NONE_AT_ENDS}]*$"
    }
)
"""What a request may hold, for the documents: :func:`check_name` says it with the place."""

Line = Annotated[str, _DOCUMENTED, AfterValidator(check_name)]
"""One visible line; who uses it says how long it may be."""
Name = Annotated[str, Field(max_length=LONGEST_NAME), _DOCUMENTED, AfterValidator(check_name)]
"""A name that may be left empty."""
GivenName = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), _DOCUMENTED, AfterValidator(check_given)
]
"""A name that may not."""


def _breaks(one: str) -> bool:
    """Controls, line breaks, surrogates, what turns the order of others, what is no character."""
    kind = unicodedata.category(one)
    return kind in ("Cc", "Cs", "Zl", "Zp") or one in _TURNING or _is_none(one)


def _is_none(one: str) -> bool:
    """Whether Unicode keeps its number for no character, ever."""
    return ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF


def _cleaned(one: str) -> str:
    if one.isspace():
        return " " if _breaks(one) else one
    kept = one in JOINERS or not (_breaks(one) or unicodedata.category(one) == "Cf")
    return one if kept else ""


def _seen(one: str) -> bool:
    """Whether it shows by itself: no blank, no accent without a letter."""
    kind = unicodedata.category(one)
    return kind[0] not in "ZM" and kind not in ("Cc", "Cf", "Cs") and one not in _BLANK

"""What the documents say of names is what is refused: every character by itself, between two letters."""

from __future__ import annotations

import re
import sys

from pydantic import TypeAdapter, ValidationError

from app.core.names import TYPED, GivenName, Line, Name


def refused(adapter: TypeAdapter[str], said: str) -> bool:
    try:
        adapter.validate_python(said, context=TYPED)
    except ValidationError:
        return True
    return False


def test_the_documented_pattern_says_which_characters_are_refused() -> None:
    adapter = TypeAdapter[str](Name)
    pattern = re.compile(adapter.json_schema()["pattern"])
    for number in (*range(0x3000), *range(0xF900, 0x10000), *range(0x1FFF0, 0x20010)):
        said = f"a{chr(number)}b"
        assert refused(adapter, said) == (pattern.search(said) is None), f"U+{number:04X}"
    assert refused(adapter, f"a{chr(sys.maxunicode)}b")


def test_all_names_are_documented() -> None:
    assert all("pattern" in TypeAdapter(kind).json_schema() for kind in (Line, Name, GivenName))

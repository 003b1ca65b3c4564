"""Names: what a request is refused for, and how what is read from elsewhere is cleaned."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.invalid import problems
from app.core.names import LONGEST_NAME, TYPED, GivenName, Name, clean, shown

NAME: TypeAdapter[str] = TypeAdapter(Name)
GIVEN: TypeAdapter[str] = TypeAdapter(GivenName)
REFUSED = {
    "nul": ("a\x00b", "U+0000", 2),
    "bell": ("\x07", "U+0007", 1),
    "escape": ("net \x1b[2J", "U+001B", 5),
    "delete": ("a\x7f", "U+007F", 2),
    "next line": ("a\x85b", "U+0085", 2),
    "tab": ("a\tb", "U+0009", 2),
    "line break": ("a\nb", "U+000A", 2),
    "line separator": ("a\u2028b", "U+2028", 2),
    "paragraph separator": ("a\u2029b", "U+2029", 2),
    "right to left override": ("  a\u202ecod.exe", "U+202E", 4),
    "isolate": ("a\u2066b\u2069", "U+2066", 2),
    "no character": ("a\ufffe", "U+FFFE", 2),
    "no character beyond": ("a\U0010ffff", "U+10FFFF", 2),
    "reserved": ("\ufdd0", "U+FDD0", 1),
}
NORMALISED = {
    "  LeNet  ": "LeNet",
    "\u3000网络\xa0": "网络",
    "e\u0301tude": "étude",
    "zero\u200bwidth": "zerowidth",
    "\ufeffmark": "mark",
    "so\u00adft": "soft",
    "می\u200cخواهم": "می\u200cخواهم",
    "👩\u200d🔬": "👩\u200d🔬",
    "a  b": "a  b",
    "—": "—",
    " \t\n": "",
    "\u3164": "",
    "\u2800 \u200d": "",
    "\u0301": "",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_breaks_or_turns_a_line_is_refused_with_its_place(kind: str) -> None:
    typed, code, place = REFUSED[kind]
    for adapter in (NAME, GIVEN):
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(typed, context=TYPED)
        (problem,) = problems(refused.value)
        assert problem.code == "name_character"
        assert problem.params == {"character": code, "place": place}
        assert code in problem.message.en
        assert "Take it out" in problem.message.en
        assert code in problem.message.zh


@pytest.mark.parametrize("typed", NORMALISED)
def test_what_does_no_harm_is_put_right(typed: str) -> None:
    assert NAME.validate_python(typed, context=TYPED) == NORMALISED[typed]


@pytest.mark.parametrize("typed", ["", " ", "\u200d", "\u3164", "\xa0", "\u0301"])
def test_a_name_that_must_be_given_says_something(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        GIVEN.validate_python(typed, context=TYPED)
    (problem,) = problems(refused.value)
    assert problem.code in ("name_empty", "string_too_short")


@pytest.mark.parametrize("kind", REFUSED)
def test_what_was_stored_is_cleaned_and_never_refused(kind: str) -> None:
    found = NAME.validate_python(REFUSED[kind][0])
    assert NAME.validate_python(found, context=TYPED) == found


@given(st.text(max_size=LONGEST_NAME))
def test_cleaning_is_done_once_and_fits(said: str) -> None:
    found = NAME.validate_python(said)
    assert clean(found) == found
    assert len(found) <= len(said)
    assert found == found.strip()
    assert NAME.validate_python(found, context=TYPED) == found
    for one in found:
        assert unicodedata.category(one) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(one) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI")
    if said:
        assert shown(said)


def test_no_name_is_longer_than_the_column_it_is_kept_in() -> None:
    # Each of these becomes three characters in composed form.
    assert len(NAME.validate_python("\U0001d160" * LONGEST_NAME)) <= LONGEST_NAME
    with pytest.raises(ValidationError):
        NAME.validate_python("a" * (LONGEST_NAME + 1))

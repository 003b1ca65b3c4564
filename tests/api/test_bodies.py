"""The depth of JSON is counted without parsing it, and agrees with a parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.bodies import depth, require_modest
from app.api.refusals import JsonTooLong

TEXT = st.text(alphabet='[]{}"\\ab\n', max_size=8)
JSON = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=20,
)


def nesting(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(nesting, value), default=0)
    return 0


@given(JSON)
def test_depth_is_that_of_the_value(value: Any) -> None:
    assert depth(json.dumps(value).encode()) == nesting(value)


@given(st.binary(max_size=200))
def test_any_bytes_have_a_depth(body: bytes) -> None:
    assert depth(body) >= 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"", 0), (b"[" * 500, 500), (b'["\\"[[["]', 1), (b'"[[[', 0), (b"]]]]", 0), (b"[]" * 9, 1)],
)
def test_broken_text(body: bytes, expected: int) -> None:
    assert depth(body) == expected


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        (json.dumps({"values": [0.5] * 65_536}).encode(), True),
        (json.dumps({"text": ",:[{" * 100_000}).encode(), True),
        (json.dumps([0] * 200_000).encode(), False),
        (json.dumps({f"k{number}": 1 for number in range(30_000)}).encode(), False),
        (b'{"a":' * 63 + b"1" + b"}" * 63, True),
    ],
)
def test_more_values_or_fields_than_anybody_means_are_refused(body: bytes, fits: bool) -> None:
    if fits:
        require_modest(body, 64)
        return
    with pytest.raises(JsonTooLong):
        require_modest(body, 64)

"""The depth of JSON is counted without parsing it, and agrees with a parser."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from app.api.bodies import depth, parse, require_modest
from app.api.refusals import JsonTooLong
from app.core.errors import Invalid
from app.spec.base import Strict

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


class Fields(Strict):
    """Every kind of number that a spec has."""

    version: Literal[1] = 1
    whole: int = Field(0, ge=-(2**60), le=2**60)
    real: float = 0.0
    many: tuple[int, ...] = ()
    either: int | None = None
    written: str = ""


FIELDS = TypeAdapter(Fields)


@given(
    whole=st.integers(-(2**53), 2**53),
    real=st.floats(allow_nan=False, allow_infinity=False),
    text=TEXT,
)
def test_a_whole_number_may_be_written_as_a_float(whole: int, real: float, text: str) -> None:
    plain = {"whole": whole, "real": real, "many": [whole, 0], "either": whole, "written": text}
    floats = {**plain, "whole": float(whole), "many": [float(whole), 0.0], "either": float(whole)}
    found = parse(FIELDS, json.dumps(floats).encode())
    assert found == parse(FIELDS, json.dumps(plain).encode())
    assert math.copysign(1.0, found.real) == math.copysign(1.0, real)


@pytest.mark.parametrize("written", ["3.0", "3e0", "30e-1", "0.3E1", "3.000"])
def test_however_it_is_written(written: str) -> None:
    assert parse(FIELDS, f'{{"whole": {written}, "written": "3.0"}}'.encode()).written == "3.0"
    assert parse(FIELDS, f'{{"many": [1, {written}], "version": 1.0}}'.encode()).many == (1, 3)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"whole": 3.5}', "/whole"),
        ('{"whole": 1e300}', "/whole"),
        ('{"whole": NaN}', "/whole"),
        ('{"whole": true}', "/whole"),
        ('{"whole": "3.0"}', "/whole"),
        ('{"whole": 3.0, "many": [1.5]}', "/many/0"),
        ('{"whole": 3.0, "written": 1.0}', "/written"),
        ('{"version": 2.0}', "/version"),
        ('{"whole": 3.0, "real": 1e999}', "/real"),
        ('{"whole": 3.0, "other": 1}', "/other"),
        ('{"whole": 3.0', ""),
    ],
)
def test_what_is_no_whole_number_is_named(body: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(FIELDS, body.encode())
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


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

"""Long statements are broken between their arguments, never inside a literal or a remark."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.code import literal
from app.core.quoted import remark
from app.engine.export.layout import WIDTH, split, statement
from tests.core.test_quoted import texts

values = st.recursive(
    texts
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=6))
def test_a_statement_says_the_same_on_many_lines(arguments: list[object]) -> None:
    written = f"found = make(a, {', '.join(map(literal, arguments))})"
    assert ast.dump(ast.parse(statement(written))) == ast.dump(ast.parse(written))


@given(st.lists(texts, max_size=5))
def test_arguments_are_parted_between_literals(arguments: list[str]) -> None:
    written = [literal(one) for one in arguments]
    assert split(", ".join(written)) == written


@pytest.mark.parametrize("end", ["(", ")", "(a, b)", "[{,"])
def test_a_remark_stays_on_its_line(end: str) -> None:
    written = remark("x" * WIDTH + end)
    assert statement(written, 4) == f"    {written}"

"""Bilingual text, errors as data, identifiers and shapes."""

from __future__ import annotations

import copy
import json
import pickle
import string
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.errors import (
    DataMissing,
    GlassnetError,
    NotFound,
    Problem,
    Repair,
    TooLarge,
    all_errors,
)
from app.core.ids import new_id, stable_hash
from app.core.shapes import (
    Steps,
    Tokens,
    channel_axis,
    channels_first,
    channels_of,
    laid_out_as,
    same_layout,
    show,
    size,
)
from app.core.text import LANGUAGES, Text, text


def places(template: str) -> set[str]:
    """The named places of a message."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_text_speaks_both_languages() -> None:
    said = text("{n} layers", "{n} 层").format(n=3)
    assert [said.say(language) for language in LANGUAGES] == ["3 layers", "3 层"]
    with pytest.raises(ValidationError):
        said.en = "other"  # type: ignore[misc]
    assert Text.model_validate_json(said.model_dump_json()) == said


def core_errors() -> list[type[GlassnetError]]:
    return [error for error in all_errors() if error.__module__ == "app.core.errors"]


@pytest.mark.parametrize("error", core_errors(), ids=lambda error: str(error.__name__))
def test_error_is_complete_data(error: type[GlassnetError]) -> None:
    assert error.code
    assert 400 <= error.status < 600
    assert error.message.en != error.message.zh
    wanted = places(error.message.en) | places(error.message.zh)
    params: dict[str, Any] = {name: f"<{name}>" for name in wanted}
    raised = error(pointer="/model", node="conv1", **params)
    problem = raised.problem()
    assert str(raised) == problem.message.en
    assert (problem.code, problem.pointer, problem.node) == (error.code, "/model", "conv1")
    # every place is filled, and what stands in one language only is a translated name
    for name in wanted:
        assert f"<{name}>" in problem.message.en + problem.message.zh
    assert places(error.message.en) <= {n.removesuffix("_zh") for n in places(error.message.zh)}
    assert Problem.model_validate_json(problem.model_dump_json()) == problem


def test_codes_are_unique() -> None:
    codes = [error.code for error in core_errors()]
    assert len(set(codes)) == len(codes)


def test_error_keeps_its_parameters() -> None:
    error = TooLarge(needed=7, limit=5, unit="GB")
    assert error.params == {"needed": 7, "limit": 5, "unit": "GB"}
    assert "7 GB" in error.text.zh
    assert NotFound(kind="run", name="x").status == 404
    missing = DataMissing(name="A", name_zh="甲", repair="fetch it.", repair_zh="请下载。")
    assert "甲" in missing.text.zh
    assert "fetch" not in missing.text.zh


def test_repair_is_frozen_json() -> None:
    patch = ({"op": "replace", "path": "/model/outputs/0", "value": "fc1"},)
    repair = Repair(text=text("End with fc1", "以 fc1 结束"), patch=patch)
    assert json.loads(repair.model_dump_json())["patch"] == [patch[0]]
    with pytest.raises(ValidationError):
        Repair.model_validate({"text": {"en": "a", "zh": "b"}, "patch": [], "more": 1})


def test_identifiers_are_ordered_and_distinct() -> None:
    made = [new_id() for _ in range(500)]
    assert len(set(made)) == 500
    assert all(len(name) == 16 and name.isalnum() and name.isascii() for name in made)
    milliseconds = [name[:9] for name in made]  # the last 32 bits are random
    assert milliseconds == sorted(milliseconds)


@given(parts=st.lists(st.one_of(st.integers(), st.text(max_size=8)), max_size=4))
def test_hash_is_63_bits_and_repeatable(parts: list[object]) -> None:
    assert stable_hash(*parts) == stable_hash(*parts)
    assert 0 <= stable_hash(*parts) < 2**63


def test_hash_is_the_same_in_every_process() -> None:
    program = "from app.core.ids import stable_hash; print(stable_hash(7, 'init', 'conv1'))"
    environments = ({"PYTHONHASHSEED": seed} for seed in ("1", "2"))
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, check=True, text=True
        ).stdout.strip()
        for env in environments
    }
    assert found == {str(stable_hash(7, "init", "conv1"))}
    assert stable_hash(7, "init", "conv1") == 2246269376135997528  # stored runs rest on it
    assert stable_hash("a", "b") != stable_hash("ab") != stable_hash("b", "a")


@pytest.mark.parametrize(
    ("shape", "count", "shown"), [((6, 28, 28), 4704, "6×28×28"), ((10,), 10, "10"), ((), 1, "1")]
)
def test_shapes(shape: tuple[int, ...], count: int, shown: str) -> None:
    assert size(shape) == count
    assert show(shape) == shown


def pickled(shape: Any) -> Any:
    return pickle.loads(pickle.dumps(shape))


def test_a_copied_shape_says_the_same() -> None:
    """By copying and by pickling: what its axes mean, and how many tokens there are."""
    for copied in (copy.deepcopy, pickled):
        steps = copied(Steps(5, 3))
        assert isinstance(steps, Steps)
        assert steps == (5, 3)
        tokens = copied(Tokens(4, 30))
        assert isinstance(tokens, Tokens)
        assert (tuple(tokens), tokens.vocabulary) == ((4,), 30)


def test_a_shape_says_where_its_channels_are() -> None:
    assert (channel_axis(Steps(5, 3)), channels_of(Steps(5, 3))) == (1, 3)
    assert (channel_axis((5, 3)), channels_of((5, 3))) == (0, 5)
    assert channels_first(Steps(5, 3)) == (3, 5)
    assert laid_out_as(Steps(5, 3), (7, 4)) == (4, 7)
    assert isinstance(laid_out_as(Steps(5, 3), (7, 4)), Steps)
    assert laid_out_as((3, 5), (7, 4)) == (7, 4)
    assert same_layout(Steps(5, 3), Steps(1, 1))
    assert not same_layout(Steps(5, 3), (5, 3))

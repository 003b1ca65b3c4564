"""A preset promises what the worst of its seeds reached, less their spread."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.spec.presets import Goal, presets
from benchmarks._presets import Result
from benchmarks._promise import figures, most, rounded, safe

NIN = [0.964, 0.962, 0.951, 0.966, 0.961, 0.959, 0.963, 0.965, 0.962, 0.96]


def goal(**figure: Any) -> Goal:
    return Goal(epochs=1, **figure)


def results(accuracy: float | None = None, loss: float = 1.0) -> list[Result]:
    return [Result(accuracy, loss, accuracy, 1.0)]


def test_the_rule_by_hand() -> None:
    """Worst 95.1 %, spread 1.5 %: 93.6 % at most, which as whole percents is 93."""
    high = goal(accuracy=0.94)
    assert most(high, NIN) == pytest.approx(0.936)
    assert rounded(high, NIN) == 0.93
    assert not safe(high, NIN)
    assert safe(goal(accuracy=0.93), NIN)
    low = goal(loss=0.02)
    assert most(low, [0.010, 0.013, 0.017]) == pytest.approx(0.024)
    assert rounded(low, [0.0101, 0.013, 0.017]) == 0.024
    assert not safe(low, [0.010, 0.013, 0.017])
    assert safe(goal(stays_below=0.2), [0.1, 0.11, 0.14])
    assert not safe(goal(stays_below=0.17), [0.1, 0.11, 0.14])
    assert rounded(goal(perplexity=5.9), [5.6, 5.66, 5.69]) == 5.8


def test_what_is_compared_is_what_is_promised() -> None:
    assert figures(goal(accuracy=0.5), results(0.7)) == [0.7]
    assert figures(goal(loss=0.5), results(0.7, 0.3)) == [0.3]
    assert figures(goal(perplexity=5.0), results(0.7, log(4.0))) == [pytest.approx(4.0)]


@given(
    seen=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=10),
    kind=st.sampled_from(["accuracy", "loss", "stays_below", "perplexity"]),
)
def test_what_may_be_promised_is_safe_and_kept_by_every_seed(seen: list[float], kind: str) -> None:
    known = [1.0 + 9.0 * one for one in seen] if kind == "perplexity" else seen
    first = {"accuracy": 0.5, "loss": 0.5, "stays_below": 0.5, "perplexity": 2.0}[kind]
    figure = rounded(goal(**{kind: first}), known)
    made = goal(**{kind: figure})
    nothing = {"accuracy": 0.0, "stays_below": 1.0}.get(kind)
    assert safe(made, known) or figure == nothing
    for one in known:
        loss = log(one * (1 - 1e-12)) if kind == "perplexity" else one
        assert made.met(one if kind in {"accuracy", "stays_below"} else None, loss)


def test_every_preset_has_a_goal_that_can_be_judged() -> None:
    for preset in presets():
        assert figures(preset.reaches, results(0.5, 0.5))

"""The range test: what it says of a curve, and that the run never notices it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from app.engine.range_test import Sweep
from app.engine.verdict import judge, memory, smooth
from app.protocol.range_test import RangeTest, RangeWanted
from tests.engine.specs import ADAM, SGD, Driven, Layers, command, run_spec

FLAT: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
WANTED = RangeWanted(low=1e-5, high=10.0, batches=60)
RATES = [float(rate) for rate in np.geomspace(1e-5, 10.0, 100)]


def swept(driven: Driven, wanted: RangeWanted = WANTED) -> RangeTest:
    session = driven.session
    sweep = Sweep(session.trainer, session.branch, wanted)
    sweep.begin(session.trainer)
    while sweep.running:
        sweep.advance()
    return sweep.report()


def curve(at: float, top: float = 2.3, low: float = 0.5, noise: float = 0.0) -> list[float]:
    """Level, then a fall around ``at``, then a rise beyond ten times that."""
    x = np.log10(np.array(RATES)) - np.log10(at)
    fall = top - (top - low) / (1.0 + np.exp(-4.0 * x))
    rise = np.where(x > 1.0, (x - 1.0) ** 2 * 30.0, 0.0)
    return list(fall + rise + noise * np.random.RandomState(3).standard_normal(len(x)))


@pytest.mark.parametrize("at", [1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_curve_with_a_fall_gets_a_suggestion_near_it(at: float, noise: float) -> None:
    found = judge(RATES, curve(at, noise=noise), 100)
    assert found.verdict == "suggested"
    assert found.suggestion is not None
    assert found.lowest is not None
    assert at / 5 <= found.suggestion <= at * 5
    assert found.steepest is not None
    assert found.suggestion <= found.steepest < found.lowest
    assert "η" in found.reason.en
    assert "η" in found.reason.zh


def noisy() -> list[float]:
    return list(2.0 + 3.0 * np.abs(np.random.RandomState(1).standard_normal(100)))


NOTHING: dict[str, list[float]] = {
    "flat": [2.3] * 100,
    "diverges_at_once": [2.3, 9.0, 200.0, float("inf")],
    "still_falling": [2.3 - 0.02 * i for i in range(100)],
    "noisy": noisy(),
}


@pytest.mark.parametrize("verdict", NOTHING)
def test_a_curve_without_one_gets_a_reason(verdict: str) -> None:
    found = judge(RATES, NOTHING[verdict], 100)
    assert found.verdict == verdict
    assert found.suggestion is None
    assert found.reason.en.startswith("No suggestion")
    assert found.reason.zh.startswith("无建议")


def test_smoothing_is_a_running_mean_with_its_start_corrected() -> None:
    losses = [3.0, 1.0, 2.0]
    kept = memory(100)
    assert kept == pytest.approx(0.8)
    weights = [kept**2, kept, 1.0]
    want = sum(w * x for w, x in zip(weights, losses, strict=True)) / sum(weights)
    assert smooth(losses, 100)[-1] == pytest.approx(want, rel=1e-12)
    assert smooth([5.0], 100)[0] == pytest.approx(5.0)


def test_a_real_run_gets_a_suggestion_that_works() -> None:
    driven = Driven(run_spec(FLAT, epochs=9))
    found = swept(driven)
    assert found.verdict == "suggested", found
    assert found.suggestion is not None
    assert 1e-3 < found.suggestion < 1.0
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == found.done
    assert found.rates[0] == pytest.approx(1e-5)
    driven.do("set_optimizer", values={"learning_rate": found.suggestion}).do("step", unit="epoch")
    assert driven.of("validation")[-1].accuracy > 0.6


def test_the_first_loss_is_the_first_steps() -> None:
    """``losses[i]`` is that of the next batch after the step with ``rates[i]``."""
    found = swept(Driven(run_spec(FLAT, optimizer={"type": "sgd"})), RangeWanted(batches=20))
    other = Driven(run_spec(FLAT, optimizer={"type": "sgd", "learning_rate": 1e-5}))
    other.do("step").do("step")
    assert found.losses[0] == pytest.approx(other.of("metrics")[-1].loss[-1], rel=1e-6)


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_the_run_goes_on_as_if_nothing_had_been(optimizer: dict[str, Any]) -> None:
    spec = run_spec(optimizer=optimizer, schedule={"type": "plateau", "patience": 0}, epochs=9)
    plain, tested = Driven(spec).to(10), Driven(spec).to(10)
    before = {name: value.clone() for name, value in tested.session.trainer.state().items()}
    events = len(tested.events)
    swept(tested)
    assert len(tested.events) == events
    for name, value in tested.session.trainer.state().items():
        assert torch.equal(value, before[name]), name
    assert tested.session.trainer.cursor == plain.session.trainer.cursor
    sweep = Sweep(tested.session.trainer, 0, WANTED)
    sweep.begin(tested.session.trainer)
    tested.session.command(command("play", until=40))
    while tested.session.running:  # step by step, a batch of the copy between
        tested.session.turn()
        sweep.advance()
    assert tested.digest == plain.to(40).digest
    assert tested.session.trainer.memory == plain.session.trainer.memory


def test_nothing_to_train() -> None:
    frozen = Driven(run_spec(FLAT, groups=[{"of": "fc1", "learning_rate": 0.0}]))
    assert swept(frozen).verdict == "nothing_to_train"
    assert swept(frozen).state == "finished"


def test_a_run_that_has_diverged() -> None:
    driven = Driven(run_spec(FLAT, optimizer={"type": "sgd", "learning_rate": 100.0}))
    driven.session.trainer.parameters[0].data.fill_(float("nan"))
    found = swept(driven)
    assert found.verdict == "diverges_at_once"
    assert found.suggestion is None


def test_cancelled_and_failed() -> None:
    driven = Driven(run_spec(FLAT))
    sweep = Sweep(driven.session.trainer, 0, WANTED)
    sweep.begin(driven.session.trainer)
    for _ in range(5):
        sweep.advance()
    sweep.cancel()
    sweep.advance()
    found = sweep.report()
    assert (found.state, found.done, found.verdict) == ("cancelled", 4, None)
    other = Sweep(driven.session.trainer, 0, WANTED)
    other.fail(RuntimeError("boom"), memory=False)
    assert other.report().verdict == "failed"
    assert "boom" in (other.report().reason or found).en  # type: ignore[union-attr]
    other.fail(MemoryError(), memory=True)
    assert other.report().verdict == "out_of_memory"


@pytest.mark.parametrize("fields", [{"low": 1.0, "high": 5.0}, {"batches": 10}, {"low": 0.0}])
def test_a_range_that_is_none_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        RangeWanted(**fields)

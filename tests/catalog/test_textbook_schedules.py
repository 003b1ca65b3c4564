"""The schedules against torch.optim.lr_scheduler, and what they promise for every field and place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import isfinite, nan
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from app.catalog.schedules import SCHEDULES, Memory, Place, Schedule
from tests.catalog.strategies import fewer, parts

ETA = 0.3
EPOCHS, EACH = 6, 7
TOTAL = EPOCHS * EACH
NOTHING = Memory()


def schedule(kind: str, **fields: Any) -> Schedule:
    return SCHEDULES.parts[kind].model_validate({**fields})


def ours(rule: Schedule, total: int = TOTAL, each: int = EACH) -> list[float]:
    places = (Place(step=step, steps=total, per_epoch=each) for step in range(total))
    return [ETA * rule.factor(place, NOTHING) for place in places]


Make = Callable[[torch.optim.Optimizer], Any]


def theirs(make: Make, total: int = TOTAL, every: int = 1) -> list[float]:
    """Torch's rates, its scheduler stepped after every ``every`` steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=ETA)
    rule = make(optimizer)
    found = []
    for step in range(total):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if (step + 1) % every == 0 and step + 1 < total:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SequentialLR's own use of an old argument
                rule.step()
    return found


def warm(length: int, start: float, follow: Make) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        rising = lr_scheduler.LinearLR(optimizer, start_factor=start, total_iters=length)
        return lr_scheduler.SequentialLR(optimizer, [rising, follow(optimizer)], [length])

    return make


CASES: list[tuple[str, Schedule, Make, int]] = [
    ("constant", schedule("constant"), lambda o: lr_scheduler.ConstantLR(o, factor=1.0), 1),
    ("step", schedule("step", every=2, gamma=0.3), lambda o: lr_scheduler.StepLR(o, 2, 0.3), EACH),
    (
        "step by steps",
        schedule("step", every=5, gamma=0.5, unit="step"),
        lambda o: lr_scheduler.StepLR(o, 5, 0.5),
        1,
    ),
    (
        "exponential",
        schedule("exponential", gamma=0.7),
        lambda o: lr_scheduler.ExponentialLR(o, 0.7),
        EACH,
    ),
    (
        "exponential by steps",
        schedule("exponential", gamma=0.97, unit="step"),
        lambda o: lr_scheduler.ExponentialLR(o, 0.97),
        1,
    ),
    (
        "cosine",
        schedule("cosine", floor=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, TOTAL, eta_min=0.1 * ETA),
        1,
    ),
    (
        "one cycle",
        schedule("one_cycle"),
        lambda o: lr_scheduler.OneCycleLR(o, ETA, TOTAL, cycle_momentum=False),
        1,
    ),
    (
        "one cycle, linear",
        schedule("one_cycle", rise=0.45, start=10.0, end=100.0, shape="linear"),
        lambda o: lr_scheduler.OneCycleLR(
            o,
            ETA,
            TOTAL,
            pct_start=0.45,
            div_factor=10,
            final_div_factor=100,
            anneal_strategy="linear",
            cycle_momentum=False,
        ),
        1,
    ),
    (
        "warm-up",
        schedule("warm_up", length=8, start=0.25),
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, total_iters=8),
        1,
    ),
    (
        "warm-up, cosine",
        SCHEDULES.parts["warm_up"].model_validate_json(
            '{"type": "warm_up", "length": 9, "start": 0.01, "then": {"type": "cosine"}}'
        ),
        warm(9, 0.01, lambda o: lr_scheduler.CosineAnnealingLR(o, TOTAL - 9)),
        1,
    ),
    (
        "warm-up of an epoch, step",
        SCHEDULES.parts["warm_up"].model_validate_json(
            '{"type": "warm_up", "length": 1, "unit": "epoch", "start": 0.5,'
            ' "then": {"type": "step", "every": 2, "gamma": 0.1}}'
        ),
        warm(EACH, 0.5, lambda o: lr_scheduler.StepLR(o, 2 * EACH, 0.1)),
        1,
    ),
]


@pytest.mark.parametrize(
    ("rule", "make", "every"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_rates_are_torchs(rule: Schedule, make: Make, every: int) -> None:
    assert ours(rule) == pytest.approx(theirs(make, every=every), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("total", [1, 2, 3, 5, 11])
def test_one_cycle_of_few_steps(total: int) -> None:
    want = theirs(lambda o: lr_scheduler.OneCycleLR(o, ETA, total, cycle_momentum=False), total)
    assert ours(schedule("one_cycle"), total, 1) == pytest.approx(want, rel=1e-9)


LOSSES: list[list[float]] = [
    [3, 2, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    [1.0, 1.0001, 0.99995, 0.9999, 0.99985, 0.8, nan, nan, nan, nan, 0.7, 0.7, 0.7, 0.7],
    [5.0] * 14,
]


FIELDS: list[dict[str, Any]] = [
    {},
    {"gamma": 0.5, "patience": 1, "cooldown": 2},
    {"gamma": 0.1, "patience": 0, "floor": 0.02},
    {"gamma": 0.5, "patience": 2, "threshold": 0.05},
]


@pytest.mark.parametrize("fields", FIELDS, ids=str)
@pytest.mark.parametrize("seen", LOSSES, ids=["stairs", "broken", "flat"])
def test_plateau_is_torchs(fields: dict[str, Any], seen: list[float]) -> None:
    rule = schedule("plateau", **fields)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=ETA)
    torchs = lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=fields.get("gamma", 0.1),
        patience=fields.get("patience", 2),
        threshold=fields.get("threshold", 1e-4),
        cooldown=fields.get("cooldown", 0),
        min_lr=fields.get("floor", 0.0) * ETA,
        eps=0.0,
    )
    memory = NOTHING
    for epoch, loss in enumerate(seen, start=1):
        place = Place(step=epoch * EACH, steps=20 * EACH, per_epoch=EACH)
        memory = rule.after(memory, place, loss)
        torchs.step(loss)
        want = float(optimizer.param_groups[0]["lr"])
        assert ETA * rule.factor(place, memory) == pytest.approx(want, rel=1e-12), epoch
        assert Memory.model_validate_json(memory.model_dump_json()) == memory


def test_a_plateau_behind_a_warm_up_begins_to_watch_after_it() -> None:
    rule = SCHEDULES.parts["warm_up"].model_validate_json(
        '{"type": "warm_up", "length": 2, "unit": "epoch",'
        ' "then": {"type": "plateau", "patience": 0, "gamma": 0.5}}'
    )
    assert rule.watches
    memory, shares = NOTHING, []
    for epoch in range(1, 6):
        place = Place(step=epoch * EACH, steps=TOTAL, per_epoch=EACH)
        memory = rule.after(memory, place, 1.0)
        shares.append(rule.factor(place, memory))
    assert shares == pytest.approx([0.55, 1.0, 1.0, 0.5, 0.25])


places = st.builds(
    lambda each, epochs, share: Place(
        step=share * each * epochs, steps=each * epochs, per_epoch=each
    ),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.floats(0, 1.5),
)
memories = st.builds(Memory, scale=st.floats(0, 1))


@pytest.mark.parametrize("kind", list(SCHEDULES.parts))
@fewer(4)
@given(data=st.data())
def test_a_share_is_finite_and_not_negative(kind: str, data: st.DataObject) -> None:
    rule = data.draw(parts(SCHEDULES.parts[kind]))
    factor = rule.factor(data.draw(places), data.draw(memories))
    assert isinstance(factor, float)
    assert isfinite(factor)
    assert 0.0 <= factor <= 1.0 + 1e-12


@pytest.mark.parametrize("kind", list(SCHEDULES.parts))
@fewer(2)
@given(data=st.data())
def test_a_training_of_one_step(kind: str, data: st.DataObject) -> None:
    rule = data.draw(parts(SCHEDULES.parts[kind]))
    place = Place(step=0, steps=1, per_epoch=1)
    assert 0.0 <= rule.factor(place, NOTHING) <= 1.0


@pytest.mark.parametrize("kind", list(SCHEDULES.parts))
@fewer(2)
@given(data=st.data(), loss=st.lists(st.floats(), max_size=12))
def test_a_memory_stays_sound_whatever_the_losses(
    kind: str, data: st.DataObject, loss: list[float]
) -> None:
    rule = data.draw(parts(SCHEDULES.parts[kind]))
    memory = NOTHING
    for epoch, value in enumerate(loss, start=1):
        place = Place(step=epoch, steps=len(loss), per_epoch=1)
        after = rule.after(memory, place, value)
        assert 0.0 <= after.scale <= memory.scale
        memory = after
    assert rule.watches or memory == NOTHING


def test_half_an_epoch_stays_half_an_epoch() -> None:
    """After a change of the batch size the place is counted in the new steps."""
    rule = schedule("cosine")
    for batch in (10, 33, 100):
        each = -(-1000 // batch)
        place = Place(step=2 * each + 500 / batch, steps=4 * each, per_epoch=each)
        assert rule.factor(place, NOTHING) == pytest.approx(0.309, abs=0.01)
        assert place.passed("epoch") == 2

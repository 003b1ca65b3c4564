"""The microscope on real runs: updates, earlier steps, gradient checks, and nothing left behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.optimizers import OPTIMIZERS
from app.catalog.schedules import SCHEDULES
from app.engine.tracing.gradcheck import Gradchecker
from app.engine.tracing.quotients import FIT_WIDTHS, fitted
from app.engine.tracing.reach import shadow
from app.engine.tracing.step import Trace
from app.engine.tracing.tracer import Tracer
from app.protocol.taps import StoredSample
from app.protocol.tracing import Cell, ExplainWanted, Explanation, Gradcheck, GradcheckWanted
from app.spec.presets import presets
from tests.catalog.strategies import fewer
from tests.engine.specs import Driven, run_spec

RULES: list[dict[str, Any]] = [
    {"type": "sgd", "learning_rate": 0.05},
    {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"type": "adam", "weight_decay": 0.01},
    {"type": "adamw"},
    {"type": "rmsprop", "weight_decay": 0.01},
    {"type": "adagrad", "weight_decay": 0.01},
]
LIMITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "clipped": {"clip_norm": 0.05, "clip_value": 0.02},
    "rates": {
        "groups": [
            {"of": "conv1", "learning_rate": 0.1, "weight_decay": 0.05},
            {"of": "conv1.bias", "learning_rate": 0.0},
        ]
    },
    "all at once": {
        "schedule": {"type": "warm_up", "length": 3, "then": {"type": "cosine"}},
        "clip_norm": 0.05,
        "groups": [{"of": "conv1.weight", "learning_rate": 0.2}],
    },
}
SCHEDULED: list[dict[str, Any]] = [
    {"type": "constant"},
    {"type": "step", "every": 2, "gamma": 0.5, "unit": "step"},
    {"type": "exponential", "gamma": 0.9, "unit": "step"},
    {"type": "cosine"},
    {"type": "one_cycle"},
    {"type": "warm_up", "length": 3},
    {"type": "warm_up", "length": 40, "start": 0.01, "then": {"type": "step"}},
    {"type": "plateau", "gamma": 0.5, "patience": 0, "threshold": 0.9},
]
CELLS: tuple[dict[str, Any], ...] = (
    {"node": "conv1", "tensor": "weight", "index": (2, 0, 1, 1)},
    {"node": "conv1", "tensor": "bias", "index": (1,)},
)


def explain(tracer: Tracer, precision: str = "float64", **cell: Any) -> Explanation:
    wanted = ExplainWanted(cell=Cell(**cell), precision=precision)  # type: ignore[arg-type]
    return tracer.explain(wanted)


def test_every_rule_is_listed() -> None:
    assert {rule["type"] for rule in RULES} == set(OPTIMIZERS.parts)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: "-".join(map(str, r.values())))
def test_the_explained_update_is_the_parameters_real_change(
    rule: dict[str, Any], limit: str
) -> None:
    driven = Driven(run_spec(optimizer=rule, **LIMITS[limit]))
    tracer = Tracer(driven.session)
    for step in (0, 3):
        if step:
            driven.to(step)
        coming = {}
        for cell in CELLS:
            double = explain(tracer, role="update", **cell)
            assert abs(double.difference) <= 1e-12 * max(abs(double.value), double.scale)
            coming[cell["tensor"]] = explain(tracer, "float32", role="update", **cell)
        driven.do("step", unit="batch", count=1)
        for cell in CELLS:
            name, found = str(cell["tensor"]), coming[cell["tensor"]]
            node = driven.session.trainer.network.node("conv1")
            assert float(node.get_parameter(name).detach()[cell["index"]]) == found.value
            ulp = np.spacing(np.float32(abs(found.value)))
            assert abs(found.difference) <= 2 * ulp


def test_every_schedule_is_listed() -> None:
    assert {schedule["type"] for schedule in SCHEDULED} == set(SCHEDULES.parts)


def torchs(schedule: dict[str, Any], steps: int) -> list[float]:
    """η of the first steps of ``steps`` by PyTorch's schedulers, from 0.05."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.05)
    rule = torch.optim.lr_scheduler
    kind = schedule["type"]
    schedulers: Any = {
        "constant": lambda: rule.ConstantLR(optimizer, 1.0),
        "step": lambda: rule.StepLR(optimizer, 2, 0.5),
        "exponential": lambda: rule.ExponentialLR(optimizer, 0.9),
        "cosine": lambda: rule.CosineAnnealingLR(optimizer, steps),
        "one_cycle": lambda: rule.OneCycleLR(
            optimizer, 0.05, total_steps=steps, cycle_momentum=False
        ),
        "warm_up": lambda: rule.LinearLR(
            optimizer, schedule.get("start", 0.1), total_iters=schedule["length"]
        ),
    }
    scheduler: Any = schedulers[kind]()
    found = []
    for _ in range(6):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("schedule", SCHEDULED, ids=lambda s: "-".join(map(str, s.values())))
def test_an_update_is_explained_at_the_rate_of_its_schedule(schedule: dict[str, Any]) -> None:
    """The explained η is PyTorch's at every step; an epoch without progress halves a plateau's."""
    driven = Driven(run_spec(schedule=schedule, clip_norm=0.5, epochs=3))
    place = driven.session.trainer.place
    watched = schedule["type"] == "plateau"
    rates = {0: 0.05, 2 * place.per_epoch: 0.025} if watched else {}
    rates |= {} if watched else dict(enumerate(torchs(schedule, place.steps)))
    tracer = Tracer(driven.session)
    for step, rate in rates.items():
        if step > driven.step:
            driven.to(step)
        found = explain(tracer, role="update", **CELLS[0])
        assert abs(found.difference) <= 1e-12 * max(abs(found.value), found.scale)
        etas = {f.value for term in found.terms for f in term.factors if f.symbol == r"-\eta"}
        assert len(etas) == 1
        assert r" - \eta\,g" in found.formula.symbols, "downhill, as the textbook writes it"
        assert etas.pop() == pytest.approx(-rate, rel=1e-9)
        plain = explain(tracer, "float32", role="update", **CELLS[0])
        driven.do("step", unit="batch", count=1)
        weight = driven.session.trainer.network.node("conv1").get_parameter("weight")
        assert float(weight.detach()[CELLS[0]["index"]]) == plain.value
        assert abs(plain.difference) <= 2 * np.spacing(np.float32(abs(plain.value)))


@pytest.mark.parametrize("rule", RULES[1:], ids=lambda r: "-".join(map(str, r.values())))
def test_the_optimisers_memory_names_the_step_it_comes_from(rule: dict[str, Any]) -> None:
    driven = Driven(run_spec(optimizer=rule)).to(3)
    tracer = Tracer(driven.session)
    states = tracer.trace(ExplainWanted(cell=Cell(role="loss"))).updated().state["conv1.weight"]
    for state in set(states) - {"step"}:
        found = explain(tracer, role="state", state=state, **CELLS[0])
        own = driven.session.trainer.state()[f"optimizer.conv1.weight.{state}"]
        assert (found.stored, found.value) == (True, float(own[CELLS[0]["index"]]))
        total = sum(float(term.value) for term in found.terms)
        assert abs(total - found.formula_value) <= 1e-12 * found.scale
        assert abs(found.difference) <= 1e-6 * found.scale, "the run rounds to float32"
        assert found.step == 2
        places = [f.place for term in found.terms for f in term.factors if f.place]
        assert {place.step for place in places} == {2}
        assert "state" in {place.role for place in places}


@pytest.mark.parametrize("rule", RULES[1:], ids=lambda r: "-".join(map(str, r.values())))
@pytest.mark.parametrize("depth", [4, 20])
def test_the_optimisers_memory_is_followed_to_the_steps_that_gave_to_it(
    rule: dict[str, Any], depth: int
) -> None:
    driven = Driven(run_spec(optimizer=rule, clip_norm=0.5)).to(7)
    tracer = Tracer(driven.session)
    states = tracer.trace(ExplainWanted(cell=Cell(role="loss"))).updated().state["conv1.weight"]
    for state in set(states) - {"step"}:
        cell = Cell(role="state", state=state, **CELLS[0])
        found = tracer.explain(ExplainWanted(cell=cell, depth=depth, precision="float32"))
        assert abs(found.difference) <= 1e-5 * found.scale
        assert found.value == float(
            driven.session.trainer.state()[f"optimizer.conv1.weight.{state}"][CELLS[0]["index"]]
        )
        given = {f.place.step for t in found.terms for f in t.factors if f.place}
        assert given == set(range(max(0, 7 - depth), 7))
        for term in found.terms:
            product = np.prod([float(factor.value) for factor in term.factors])
            assert product == pytest.approx(float(term.value), rel=1e-9)
        gradients = [
            f for t in found.terms for f in t.factors if f.place and f.place.role == "gradient"
        ]
        for factor in gradients[:1] + gradients[-1:]:
            assert factor.place is not None
            again = tracer.explain(ExplainWanted(cell=factor.place, precision="float32"))
            assert again.step == factor.place.step
            assert again.value == factor.value


def test_a_momentum_is_the_faded_sum_of_gradients() -> None:
    """m = Σ βᵏ g of the k-th step before, as PyTorch's SGD has it: without (1 − β)."""
    driven = Driven(run_spec(optimizer={"type": "sgd", "learning_rate": 0.05, "momentum": 0.9})).to(
        6
    )
    cell = Cell(role="state", state="momentum_buffer", **CELLS[0])
    found = Tracer(driven.session).explain(ExplainWanted(cell=cell, depth=20))
    assert len(found.terms) == 6
    for age, term in enumerate(found.terms):
        (gradient,) = [f for f in term.factors if f.place and f.place.role == "gradient"]
        assert gradient.place is not None
        assert gradient.place.step == 5 - age
        assert float(term.value) == pytest.approx(0.9**age * float(gradient.value), rel=1e-12)


def test_an_earlier_step_is_the_one_that_was(tmp_path: Path) -> None:
    driven = Driven(run_spec(), tmp_path)
    was = {}
    for step in range(6):
        if step:
            driven.do("step", unit="batch", count=1)
        weights = driven.session.trainer.network.state_dict()
        was[step] = {name: value.clone() for name, value in weights.items()}
    driven.do("set_optimizer", values={"learning_rate": 0.2}).to(9)
    before = driven.digest
    for step, weights in was.items():
        found = shadow(driven.session, step).network.state_dict()
        assert all(value.equal(weights[name]) for name, value in found.items())
    assert driven.digest == before
    assert driven.step == 9


def test_a_run_that_was_looked_at_trains_on_bit_for_bit() -> None:
    looked, plain = Driven(run_spec()).to(3), Driven(run_spec()).to(3)
    tracer = Tracer(looked.session)
    for role in ("gradient", "update"):
        explain(tracer, role=role, **CELLS[0])
    tracer.gradcheck(GradcheckWanted(entries=2))
    assert looked.to(8).digest == plain.to(8).digest


def preset(name: str) -> Driven:
    return Driven(next(one for one in presets() if one.id == name).spec)


def checked(name: str, entries: int, samples: int, *, moved: bool = False) -> Gradcheck:
    """The preset's gradients at its first step, however long it takes; ``moved``: with every weight a
    little off its start, so that no ReLU sits at its kink because a bias is 0 and a picture's edge too."""
    trainer = shadow(preset(name).session, 0)
    if moved:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in trainer.network.parameters():
                parameter.add_(0.03 * torch.randn(parameter.shape, generator=generator))
    first = trainer.next_batch()[:samples].tolist()
    chosen = tuple(StoredSample(split="train", index=int(i)) for i in first)
    trace = Trace(trainer, "float64", chosen)
    return Gradchecker(trace, entries, patience=float("inf")).check(0, None)


def assert_right(found: Gradcheck) -> None:
    """Raw errors, no rounding taken off; nothing is left that could not be told."""
    assert found.complete
    assert found.passed
    assert found.error <= 1e-6, found
    assert found.tensors
    assert found.unresolved == 0
    assert found.checked > found.kinks
    for tensor in found.tensors:
        worst = tensor.worst
        if worst is not None and tensor.largest:
            off = abs(float(worst.numeric) - float(worst.autograd)) / float(tensor.scale)
            assert off == pytest.approx(float(tensor.error))
            assert float(tensor.floor) <= 1e-6
        assert tensor.cancels == (float(tensor.scale) > float(tensor.largest) > 0)


NAMES = [one.id for one in presets()]


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_every_preset_are_right(name: str) -> None:
    assert_right(checked(name, entries=2, samples=2))


@pytest.mark.deep
@pytest.mark.parametrize("moved", [False, True], ids=["at the start", "moved"])
@pytest.mark.parametrize("name", NAMES)
def test_200_gradients_of_every_tensor_of_every_preset_are_right(name: str, moved: bool) -> None:
    found = checked(name, entries=200, samples=4, moved=moved)
    assert_right(found)
    if moved:
        assert found.kinks <= 0.05 * found.checked


def test_small_gradients_under_nine_sigmoids_are_told_from_rounding() -> None:
    """The first layer's are 1e-8 beside a loss of 2: no difference of two losses has six digits of
    them, many losses together have."""
    found = checked("deep_sigmoid", entries=6, samples=2)
    by_name = {f"{one.node}.{one.tensor}": one for one in found.tensors}
    small = by_name["fc1.weight"]
    assert float(small.largest) < 1e-7
    assert small.worst is not None
    assert small.worst.width in FIT_WIDTHS
    assert not small.cancels
    assert_right(found)


def test_what_cancels_before_batch_normalisation_is_measured_by_its_terms() -> None:
    """A bias whose mean is taken off again: its gradient is nought, PyTorch's is rounding."""
    found = checked("resnet", entries=4, samples=2)
    by_name = {f"{one.node}.{one.tensor}": one for one in found.tensors}
    bias = by_name["conv1.bias"]
    assert bias.cancels
    assert 0 < float(bias.largest) < 1e-12 * float(bias.scale)
    assert not by_name["conv1.weight"].cancels


@given(
    slope=st.floats(-1e3, 1e3),
    level=st.floats(-10, 10),
    bend=st.floats(-1, 1),
    width=st.sampled_from(FIT_WIDTHS),
)
@fewer(100)
def test_a_fit_knows_a_slope_and_how_well(
    slope: float, level: float, bend: float, width: float
) -> None:
    """σ(x) between a level and a parabola; no more is off than is said."""

    def function(x: float) -> float:
        return level + slope / (1.0 + math.exp(-x)) + bend * x * x

    found, floor = fitted(function, width)
    assert abs(found - slope / 4.0) <= floor
    assert floor <= 0.02 * abs(slope) + 1e-13


def test_what_no_polynomial_follows_is_said_to_be_uncertain() -> None:
    generator = np.random.default_rng(4)
    found, floor = fitted(lambda x: 1e-7 * x + 1e-9 * generator.normal(), 1.0)
    assert abs(found - 1e-7) <= floor
    assert 1e-10 < floor < 1e-8
    assert fitted(lambda x: max(0.0, x) + abs(x - 0.01), 1.0)[1] > 0.01


def test_a_kink_is_listed_apart() -> None:
    """A ReLU at exactly nought has a slope on either side, and no derivative."""
    driven = Driven(
        run_spec([{"type": "flatten"}, {"type": "dense", "units": 10}, {"type": "relu"}])
    )
    trainer = shadow(driven.session, 0)
    with torch.no_grad():
        trainer.network.node("fc1").get_parameter("weight")[0] = 0.0
        trainer.network.node("fc1").get_parameter("bias")[0] = 0.0
    found = Gradchecker(Trace(trainer, "float64", None), 200).check(0, None)
    bias = next(one for one in found.tensors if one.tensor == "bias")
    assert [entry.index for entry in bias.kinks] == [(0,)]
    assert bias.kink_count == 1
    assert found.passed


class Wrong(torch.autograd.Function):
    """Twice its argument, with a derivative that is wrong in one place."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2.0

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        found = gradients[0] * 2.0
        found[0, 0, 1, 1] *= 1.01
        return found


def test_a_wrong_derivative_is_caught_and_located() -> None:
    driven = Driven(run_spec())
    trainer = shadow(driven.session, 0)
    module = trainer.network.node("conv1")
    plain = module.forward

    def wrong(x: torch.Tensor) -> torch.Tensor:
        weight, bias = module.get_parameter("weight"), module.get_parameter("bias")
        double = Wrong.apply(weight * 1.0)  # type: ignore[no-untyped-call]
        return torch.nn.functional.conv2d(x, double / 2.0, bias, padding=1)

    module.forward = wrong
    checked: Gradcheck = Gradchecker(Trace(trainer, "float64", None), 200).check(0, "conv1")
    module.forward = plain
    assert not checked.passed
    by_name = {one.tensor: one for one in checked.tensors}
    worst = by_name["weight"].worst
    assert worst is not None
    assert worst.index == (0, 0, 1, 1)
    assert by_name["bias"].error <= 1e-6

"""Health over time: every measure against PyTorch and NumPy, at steps that a run really made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.catalog.layers import LAYERS
from app.catalog.layers._activation import Activation
from app.engine.tracing.health import Reading, read
from app.engine.tracing.history import History, grid
from app.engine.tracing.reach import shadow
from app.protocol.health import DerivativeHealth
from tests.engine.specs import ADAM, Driven, Layers, run_spec

TWO: Layers = [
    {"type": "flatten"},
    {"type": "dense", "units": 12},
    {"type": "relu"},
    {"type": "dense", "units": 8},
    {"type": "sigmoid"},
    {"type": "dense", "units": 10},
]


def whole(history: History, points: int = 24) -> DerivativeHealth:
    """All that is asked for, however many questions it takes."""
    for _ in range(200):
        found = history.answer(points)
        if found.complete:
            return found
    raise AssertionError("it never ends")


def reading(driven: Driven, change: Any = None) -> Reading:
    trainer = shadow(driven.session, driven.step)
    if change is not None:
        with torch.no_grad():
            change(trainer.network)
    return read(trainer)


def test_norms_are_those_of_the_step_that_the_run_makes_next() -> None:
    driven = Driven(run_spec(optimizer=ADAM, clip_norm=0.01)).to(4)
    found = reading(driven)
    network = driven.session.trainer.network
    before = {n: p.detach().clone() for n, p in network.named_parameters()}
    driven.do("step", unit="batch", count=1)
    norms = driven.session.trainer.gradient_norms()
    assert found.gradient == pytest.approx(norms, rel=1e-6)
    for node in norms:
        own = [n for n in before if n.partition(".")[0] == node]
        now = dict(network.named_parameters())
        change = sum(float((now[n].detach() - before[n]).double().square().sum()) for n in own)
        size = sum(float(before[n].double().square().sum()) for n in own)
        assert found.update[node] == pytest.approx((change / size) ** 0.5, rel=1e-5)


def test_a_sensitivity_is_the_norm_of_the_losses_derivative() -> None:
    driven = Driven(run_spec(TWO)).to(3)
    trainer = shadow(driven.session, 3)
    x, targets, _ = trainer.data.train.batch(trainer.next_batch())
    values = {"input": x.requires_grad_()}
    for name in trainer.network.order:
        values[name] = trainer.network.node(name)(values[trainer.network.sources[name][0]])
    wanted = [values[name] for name in trainer.network.order]
    gradients = torch.autograd.grad(trainer.loss(wanted[-1], targets), wanted)
    found = reading(driven).sensitivity
    for name, gradient in zip(trainer.network.order, gradients, strict=True):
        assert found[name] == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_dead_units_and_saturated_cells_are_counted() -> None:
    driven = Driven(run_spec(TWO)).to(2)

    def change(network: Any) -> None:
        network.node("fc1").bias[:3] = -100.0
        network.node("fc2").weight.mul_(40.0)

    found = reading(driven, change)
    trainer = shadow(driven.session, 2)
    with torch.no_grad():
        change(trainer.network)
        x, _, _ = trainer.data.train.batch(trainer.next_batch())
        values = {name: v.numpy() for name, v in trainer.network.forward_all(x).items()}
    silent = (values["relu1"] > 0.0).any(axis=0) == np.False_
    assert silent[:3].all()
    assert found.dead == {"relu1": pytest.approx(silent.mean())}
    s = values["sigm1"].astype(np.float64)
    flat = s * (1.0 - s) < 0.1 * 0.25
    assert 0.1 < flat.mean() < 1.0
    assert found.saturated == {"sigm1": pytest.approx(flat.mean())}


def test_which_functions_can_die_or_saturate() -> None:
    kinds = {
        kind: layer().ends()
        for kind, layer in LAYERS.parts.items()
        if issubclass(layer, Activation) and layer.POINTWISE
    }
    dying = {kind for kind, ends in kinds.items() if ends and ends.dies}
    saturating = {kind for kind, ends in kinds.items() if ends and ends.flat}
    assert "relu" in dying
    assert not dying & {"leaky_relu", "prelu", "elu", "selu", "softplus", "sigmoid"}
    assert saturating >= {"sigmoid", "tanh", "scaled_tanh"}
    assert not saturating & {"relu", "leaky_relu", "softplus", "silu", "gelu"}


def test_what_has_no_gradient_is_not_nought() -> None:
    groups = [{"of": "fc1", "learning_rate": 0.0}]
    found = whole(History(Driven(run_spec(TWO, groups=groups)).to(2).session))
    by_node = {one.node: one for one in found.layers}
    assert found.steps == (0, 1, 2)
    assert by_node["flat1"].gradient == by_node["relu1"].update == (None, None, None)
    assert all(by_node["fc1"].gradient)
    assert by_node["fc1"].update == (None, None, None)
    assert by_node["sigm1"].dead == by_node["relu1"].saturated == (None, None, None)
    assert [one.node for one in found.layers][:3] == ["flat1", "fc1", "relu1"]


def test_steps_are_spread_over_the_run_and_stay_when_it_goes_on(tmp_path: Path) -> None:
    assert grid(0, 8) == [0]
    assert grid(7, 8) == list(range(8))
    assert grid(8, 8) == [0, 2, 4, 6, 8]
    assert {step for step in grid(50, 8) if step < 30} <= set(grid(30, 8))
    driven = Driven(run_spec(), tmp_path).to(20)
    history = History(driven.session)
    first = whole(history, 8)
    assert first.steps[0] == 0
    assert first.steps[-1] == 20
    assert len(first.steps) >= 6
    before = driven.digest
    driven.to(24)
    later = whole(history, 8)
    assert set(later.steps) >= {*first.steps} - {20}
    at = {step: k for k, step in enumerate(later.steps)}
    for node, again in zip(first.layers, later.layers, strict=True):
        for k, step in enumerate(first.steps[:-1]):
            assert node.gradient[k] == again.gradient[at[step]]
    plain = Driven(run_spec()).to(20)
    assert before == plain.digest
    assert driven.digest == plain.to(24).digest


def test_an_earlier_step_reads_as_it_did_and_a_rewind_begins_anew(tmp_path: Path) -> None:
    driven = Driven(run_spec(optimizer=ADAM), tmp_path)
    then = {}
    for step in range(6):
        then[step] = reading(driven)
        driven.do("step", unit="batch", count=1)
    history = History(driven.session)
    found = whole(history)
    for one in found.layers:
        for k, step in enumerate(found.steps[:-1]):
            assert one.update[k] == then[step].update.get(one.node)
            assert one.sensitivity[k] == then[step].sensitivity.get(one.node)
    driven.do("rewind", step=2).do("set_optimizer", values={"learning_rate": 0.5}).to(4)
    again = whole(history)
    assert again.branch == 1
    assert again.steps == (0, 1, 2, 3, 4)
    conv = next(one for one in again.layers if one.node == "conv1")
    assert conv.update[1] == then[1].update["conv1"]
    assert conv.update[2] == pytest.approx(50 * then[2].update["conv1"], rel=1e-4)

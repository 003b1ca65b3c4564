"""Clipped gradients are those of torch.nn.utils, and what is shown is the gradient before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from app.engine.clip import clipper
from tests.engine.specs import ADAM, SGD, Driven, digest, run_spec, trainer_of

RMSPROP = {"type": "rmsprop", "learning_rate": 0.001}
LIMITS: list[dict[str, Any]] = [
    {"clip_norm": 0.05},
    {"clip_value": 0.001},
    {"clip_norm": 0.02, "clip_value": 0.001},
    {"clip_norm": 1e6},
]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("optimizer", [SGD, ADAM, RMSPROP], ids=["sgd", "adam", "rmsprop"])
def test_equal_to_torchs_clipping(limits: dict[str, Any], optimizer: dict[str, Any]) -> None:
    ours = trainer_of(run_spec(optimizer=optimizer, **limits))
    theirs = trainer_of(run_spec(optimizer=optimizer))
    torchs, update = theirs.optimizer, theirs.updater
    assert torchs is not None
    assert update is not None

    def step() -> None:
        if "clip_value" in limits:
            clip_grad_value_(theirs.parameters, limits["clip_value"])
        if "clip_norm" in limits:
            clip_grad_norm_(theirs.parameters, limits["clip_norm"])
        torchs.step()

    update.step = step  # type: ignore[method-assign]
    for _ in range(8):
        ours.step()
        theirs.step()
    assert digest(ours) == digest(theirs)


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_broken_gradients_are_torchs_too(broken: float) -> None:
    given = [torch.tensor([1.0, -2.0]), torch.tensor([broken])]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in given]
    for parameter, gradient in zip(parameters, given, strict=True):
        parameter.grad = gradient.clone()
    clip_grad_norm_(parameters, 0.5)
    clip = clipper(0.5, None)
    assert clip is not None
    for mine, parameter in zip(clip(given), parameters, strict=True):
        assert parameter.grad is not None
        assert torch.equal(torch.nan_to_num(mine, 7.0), torch.nan_to_num(parameter.grad, 7.0))
    assert torch.equal(given[0], torch.tensor([1.0, -2.0]))


def test_what_is_shown_is_the_gradient_before() -> None:
    clipped = Driven(run_spec(clip_norm=1e-3, clip_value=1e-3)).do("step")
    plain = Driven(run_spec()).do("step")
    shown = clipped.of("metrics")[-1].gradient
    assert shown == plain.of("metrics")[-1].gradient
    assert clipped.digest != plain.digest


def test_clipping_can_change_during_a_run() -> None:
    driven = Driven(run_spec(epochs=9)).to(5).do("set_clipping", clip_norm=1e-9)
    before = [p.detach().clone() for p in driven.session.trainer.parameters]
    driven.do("set_optimizer", values={"momentum": 0.0}).to(6)
    moved = [
        float((p.detach() - b).abs().max())
        for p, b in zip(driven.session.trainer.parameters, before, strict=True)
    ]
    assert 0 <= max(moved) < 1e-9
    driven.do("set_clipping").to(7)
    assert driven.session.trainer.settings.clip_norm is None


def test_a_frozen_layer_does_not_count_in_the_norm() -> None:
    """What is not updated has no part in the length of the step."""
    groups = [{"of": "conv1", "learning_rate": 0.0}]
    ours = trainer_of(run_spec(clip_norm=0.05, groups=groups))
    theirs = trainer_of(run_spec(groups=groups))
    torchs, update = theirs.optimizer, theirs.updater
    assert torchs is not None
    assert update is not None
    rest = list(theirs.network.node("fc1").parameters())

    def step() -> None:
        clip_grad_norm_(rest, 0.05)
        torchs.step()

    update.step = step  # type: ignore[method-assign]
    for _ in range(3):
        ours.step()
        theirs.step()
    assert digest(ours) == digest(theirs)

"""The direct update is the optimiser's own step, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from app.engine.update import Update
from app.protocol.commands import SetBatchSize, SetEpochs, SetOptimizer
from tests.engine.specs import run_spec, trainer_of

RULES: list[dict[str, Any]] = [
    {"type": "sgd", "learning_rate": 0.1},
    {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    {"type": "adam", "learning_rate": 0.01, "weight_decay": 0.01},
]


@pytest.mark.parametrize("rule", RULES)
def test_equal_to_the_optimizers_step(rule: dict[str, Any]) -> None:
    ours, theirs = (trainer_of(run_spec(optimizer=rule)) for _ in range(2))
    assert theirs.optimizer is not None
    theirs.updater.step = theirs.optimizer.step  # type: ignore[union-attr, method-assign]
    for step in range(12):
        ours.step()
        theirs.step()
        if step == 6:
            for trainer in (ours, theirs):
                trainer.command(SetOptimizer(values={"learning_rate": 0.02}))
                trainer.command(SetBatchSize(batch_size=32))
                trainer.command(SetEpochs(epochs=9))
    assert ours.updater is not None
    assert ours.updater._kernel is not None
    for name, value in ours.state().items():
        assert torch.equal(value, theirs.state()[name]), name


def test_an_unknown_optimizer_steps_by_itself() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    update = Update(torch.optim.Adagrad([weight], lr=1.0))
    for _ in range(2):
        update.step()
    assert update._kernel is None
    assert float(weight.detach()[0]) < 0


def test_parameters_without_a_gradient_are_left_alone() -> None:
    one, other = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    update = Update(torch.optim.SGD([one, other], lr=1.0, fused=True))
    one.grad = other.grad = torch.ones(2)
    update.step()
    other.grad = None
    update.step()
    assert one.tolist() == [-1.0, -1.0]
    assert other.tolist() == [0.0, 0.0]

"""The optimisers' steps against their rules in NumPy, to 1e-12 in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.catalog.optimizers import OPTIMIZERS, Optimizer
from tests.catalog.strategies import fewer, parts

Array = NDArray[np.float64]
Rule = Callable[[Any, Array, list[Array]], list[Array]]
STEPS = 5


def _sgd(rule: Any, w: Array, gradients: list[Array]) -> list[Array]:
    """v ← μ v + g (v = g at first), g with λ w; Nesterov steps by g + μ v."""
    weights, v = [], np.zeros_like(w)
    for gradient in gradients:
        g = gradient + rule.weight_decay * w
        v = rule.momentum * v + g
        w = w - rule.learning_rate * (g + rule.momentum * v if rule.nesterov else v)
        weights.append(w)
    return weights


def _adam(rule: Any, w: Array, gradients: list[Array]) -> list[Array]:
    """Kingma and Ba 2015, algorithm 1, with λ w added to the gradient."""
    weights, m, s = [], np.zeros_like(w), np.zeros_like(w)
    for t, gradient in enumerate(gradients, start=1):
        g = gradient + rule.weight_decay * w
        m = rule.beta1 * m + (1.0 - rule.beta1) * g
        s = rule.beta2 * s + (1.0 - rule.beta2) * g**2
        m_hat, s_hat = m / (1.0 - rule.beta1**t), s / (1.0 - rule.beta2**t)
        w = w - rule.learning_rate * m_hat / (np.sqrt(s_hat) + rule.epsilon)
        weights.append(w)
    return weights


def _adamw(rule: Any, w: Array, gradients: list[Array]) -> list[Array]:
    """Loshchilov and Hutter 2019: w shrinks by η λ before Adam's step."""
    weights, m, s = [], np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        m = rule.beta1 * m + (1.0 - rule.beta1) * g
        s = rule.beta2 * s + (1.0 - rule.beta2) * g**2
        m_hat, s_hat = m / (1.0 - rule.beta1**t), s / (1.0 - rule.beta2**t)
        w = w * (1.0 - rule.learning_rate * rule.weight_decay)
        w = w - rule.learning_rate * m_hat / (np.sqrt(s_hat) + rule.epsilon)
        weights.append(w)
    return weights


def _rmsprop(rule: Any, w: Array, gradients: list[Array]) -> list[Array]:
    """s ← α s + (1 − α) g²; w ← w − η g/(√s + ε)."""
    weights, s = [], np.zeros_like(w)
    for gradient in gradients:
        g = gradient + rule.weight_decay * w
        s = rule.alpha * s + (1.0 - rule.alpha) * g**2
        w = w - rule.learning_rate * g / (np.sqrt(s) + rule.epsilon)
        weights.append(w)
    return weights


def _adagrad(rule: Any, w: Array, gradients: list[Array]) -> list[Array]:
    """s ← s + g²; w ← w − η g/(√s + ε)."""
    weights, s = [], np.zeros_like(w)
    for gradient in gradients:
        g = gradient + rule.weight_decay * w
        s = s + g**2
        w = w - rule.learning_rate * g / (np.sqrt(s) + rule.epsilon)
        weights.append(w)
    return weights


TEXTBOOK: dict[str, Rule] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
}
each_optimizer = pytest.mark.parametrize(
    "optimizer", OPTIMIZERS.parts.values(), ids=lambda optimizer: str(optimizer.kind())
)


each_formula = pytest.mark.parametrize(
    "optimizer", [OPTIMIZERS.parts[kind] for kind in TEXTBOOK], ids=TEXTBOOK
)


def tame(optimizer: Optimizer) -> Optimizer:
    """The same rule with steps small enough that weights stay near 1, where 1e-12 has a meaning."""
    changes = {"learning_rate": optimizer.learning_rate % 0.1}
    for field, most in (
        ("weight_decay", 0.5),
        ("beta1", 0.99),
        ("beta2", 0.9999),
        ("alpha", 0.9999),
    ):
        if hasattr(optimizer, field):
            changes[field] = min(getattr(optimizer, field), most)
    if hasattr(optimizer, "epsilon"):
        changes["epsilon"] = max(optimizer.epsilon, 1e-8)
    return optimizer.model_copy(update=changes)


@each_formula
@fewer(2)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_steps_follow_the_rule(optimizer: type[Optimizer], data: st.DataObject, seed: int) -> None:
    rule = tame(data.draw(parts(optimizer)))
    random = np.random.RandomState(seed)
    start = random.standard_normal(7)
    gradients = [random.standard_normal(7) for _ in range(STEPS)]
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    torchs = rule.build([parameter])
    for gradient, expected in zip(
        gradients, TEXTBOOK[rule.kind()](rule, start, gradients), strict=True
    ):
        parameter.grad = torch.from_numpy(gradient.copy())
        torchs.step()
        np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-12, atol=1e-12)


@each_optimizer
def test_options_are_the_groups_own(optimizer: type[Optimizer]) -> None:
    """A changed number is written into PyTorch's parameter groups under these names."""
    parameter = torch.nn.Parameter(torch.zeros(3))
    group = optimizer().build([parameter]).param_groups[0]
    for name, value in optimizer().options().items():
        assert group[name] == value


@each_optimizer
def test_live_fields_reach_the_groups(optimizer: type[Optimizer]) -> None:
    """Every field that may change during a run changes what is written into the groups."""
    base = optimizer.model_validate({"type": optimizer.kind(), **optimizer.EXAMPLES[0]})
    for field in optimizer.LIVE:
        value = getattr(base, field)
        other = (not value) if isinstance(value, bool) else value / 2 + 0.01
        assert base.model_copy(update={field: other}).options() != base.options()


@each_optimizer
def test_state_is_as_large_as_budgeted(optimizer: type[Optimizer]) -> None:
    made = optimizer.model_validate({"type": optimizer.kind(), **optimizer.EXAMPLES[0]})
    parameter = torch.nn.Parameter(torch.zeros(50))
    torchs = made.build([parameter])
    parameter.grad = torch.ones(50)
    torchs.step()
    held = [v for v in torchs.state[parameter].values() if torch.is_tensor(v) and v.numel() == 50]
    assert len(held) == made.STATE_TENSORS

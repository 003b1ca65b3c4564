"""Optimisers, losses, initialisers and activations against their formulas in NumPy, float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.catalog.initializers import INITIALIZERS
from app.catalog.layers import LAYERS
from app.catalog.losses import LOSSES
from app.catalog.optimizers import OPTIMIZERS

Array = NDArray[np.float64]
Rule = Callable[[Array, list[Array]], Array]
RATE, DECAY = 0.03, 0.1


def adamw(w: Array, gradients: list[Array]) -> Array:
    m, s = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        w = w * (1 - RATE * DECAY)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        w = w - RATE * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return w


def rmsprop(w: Array, gradients: list[Array]) -> Array:
    s = np.zeros_like(w)
    for gradient in gradients:
        g = gradient + DECAY * w
        s = 0.99 * s + 0.01 * g**2
        w = w - RATE * g / (np.sqrt(s) + 1e-8)
    return w


def adagrad(w: Array, gradients: list[Array]) -> Array:
    s = np.zeros_like(w)
    for gradient in gradients:
        g = gradient + DECAY * w
        s = s + g**2
        w = w - RATE * g / (np.sqrt(s) + 1e-10)
    return w


@pytest.mark.parametrize("rule", [adamw, rmsprop, adagrad], ids=lambda rule: str(rule.__name__))
def test_optimizer_is_its_formula(rule: Rule) -> None:
    rng = np.random.default_rng(3)
    start, gradients = rng.normal(size=(4, 3)), [rng.normal(size=(4, 3)) for _ in range(6)]
    kind = rule.__name__
    part = OPTIMIZERS.parts[kind].model_validate(
        {"type": kind, "learning_rate": RATE, "weight_decay": DECAY}
    )
    weight = torch.nn.Parameter(torch.tensor(start))
    optimizer = part.build([weight])
    for gradient in gradients:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(weight.detach().numpy(), rule(start, gradients), rtol=1e-12)


def test_hinge_is_its_formula() -> None:
    rng = np.random.default_rng(4)
    scores, right = rng.normal(size=(6, 5)), rng.integers(0, 5, 6)
    output = torch.tensor(scores, requires_grad=True)
    loss = LOSSES.parts["hinge"].model_validate({"type": "hinge", "margin": 0.7}).build()
    found = loss(output, torch.tensor(right))
    torch.autograd.backward(found)
    lead = 0.7 - scores[np.arange(6), right][:, None] + scores
    lead[np.arange(6), right] = 0
    assert found.item() == pytest.approx(np.maximum(lead, 0).sum() / 5 / 6, rel=1e-12)
    delta = (lead > 0) / 30.0
    delta[np.arange(6), right] = -delta.sum(1)
    assert output.grad is not None
    np.testing.assert_allclose(output.grad.numpy(), delta, atol=1e-12)


def test_huber_is_its_formula() -> None:
    rng = np.random.default_rng(5)
    y, t = rng.normal(size=(6, 3)) * 3, rng.normal(size=(6, 3))
    output = torch.tensor(y, requires_grad=True)
    loss = LOSSES.parts["huber"].model_validate({"type": "huber", "threshold": 0.8}).build()
    found = loss(output, torch.tensor(t))
    torch.autograd.backward(found)
    e = y - t
    value = np.where(np.abs(e) <= 0.8, e**2 / 2, 0.8 * (np.abs(e) - 0.4))
    assert found.item() == pytest.approx(value.mean(), rel=1e-12)
    assert output.grad is not None
    np.testing.assert_allclose(output.grad.numpy(), np.clip(e, -0.8, 0.8) / 18, atol=1e-12)


def filled(kind: str, shape: tuple[int, ...], **fields: object) -> Array:
    part = INITIALIZERS.parts[kind].model_validate({"type": kind, **fields})
    tensor = torch.empty(shape, dtype=torch.float64)
    part.weight(tensor, torch.Generator().manual_seed(11))
    return tensor.numpy()


def test_lecun_variance_is_one_over_fan_in() -> None:
    assert filled("lecun", (300, 20, 3, 3)).var() == pytest.approx(1 / 180, rel=0.03)


def test_orthogonal_rows_are_orthogonal() -> None:
    w = filled("orthogonal", (6, 4, 2, 2), gain=1.5).reshape(6, 16)
    np.testing.assert_allclose(w @ w.T, 1.5**2 * np.eye(6), atol=1e-12)


def test_identity_copies_its_inputs() -> None:
    np.testing.assert_array_equal(filled("identity", (3, 5)), np.eye(3, 5))
    kernel = filled("identity", (2, 2, 3, 3))
    np.testing.assert_array_equal(kernel[:, :, 1, 1], np.eye(2))
    assert kernel.sum() == 2


def test_truncated_normal_has_no_tails() -> None:
    w = filled("truncated_normal", (200, 200), std=0.5)
    assert np.abs(w).max() <= 1.0
    z = NormalDist()
    inside = z.cdf(2) - z.cdf(-2)
    expected = 1 - 2 * 2 * z.pdf(2) / inside
    assert w.var() / 0.25 == pytest.approx(expected, rel=0.02)


def test_uniform_and_constant() -> None:
    w = filled("uniform", (200, 200), bound=0.3)
    assert np.abs(w).max() <= 0.3
    assert w.var() == pytest.approx(0.3**2 / 3, rel=0.03)
    assert set(np.unique(filled("constant", (3, 3), value=0.4))) == {0.4}


def sigma(u: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-u)))


def phi(u: Array) -> Array:
    return np.asarray(np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi))


def cdf(u: Array) -> Array:
    return np.asarray(np.vectorize(NormalDist().cdf)(u))


LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "leaky_relu": (lambda u: np.where(u > 0, u, 0.01 * u), lambda u: np.where(u > 0, 1, 0.01)),
    "prelu": (lambda u: np.where(u > 0, u, 0.25 * u), lambda u: np.where(u > 0, 1, 0.25)),
    "elu": (lambda u: np.where(u > 0, u, np.exp(u) - 1), lambda u: np.where(u > 0, 1, np.exp(u))),
    "selu": (
        lambda u: LAMBDA * np.where(u > 0, u, ALPHA * (np.exp(u) - 1)),
        lambda u: LAMBDA * np.where(u > 0, 1, ALPHA * np.exp(u)),
    ),
    "gelu": (lambda u: u * cdf(u), lambda u: cdf(u) + u * phi(u)),
    "silu": (lambda u: u * sigma(u), lambda u: sigma(u) * (1 + u * (1 - sigma(u)))),
    "softplus": (lambda u: np.log1p(np.exp(u)), sigma),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activation_and_slope_are_their_formulas(kind: str) -> None:
    value, slope = ACTIVATIONS[kind]
    u = np.random.default_rng(6).normal(size=(4, 5)) * 2
    module = LAYERS.parts[kind].model_validate({"type": kind}).build(((5,),)).double()
    tensor = torch.tensor(u, requires_grad=True)
    output = module(tensor)
    output.sum().backward()
    assert tensor.grad is not None
    np.testing.assert_allclose(output.detach().numpy(), value(u), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(tensor.grad.numpy(), slope(u), rtol=1e-9, atol=1e-12)


def test_softmax_sums_to_one_and_its_jacobian_is_textbook() -> None:
    rng = np.random.default_rng(8)
    u, upstream = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    tensor = torch.tensor(u, requires_grad=True)
    output = LAYERS.parts["softmax"].model_validate({"type": "softmax"}).build(((4,),))(tensor)
    output.backward(torch.tensor(upstream))
    y = np.exp(u) / np.exp(u).sum(1, keepdims=True)
    assert tensor.grad is not None
    np.testing.assert_allclose(output.detach().numpy(), y, rtol=1e-12)
    expected = y * (upstream - (upstream * y).sum(1, keepdims=True))
    np.testing.assert_allclose(tensor.grad.numpy(), expected, atol=1e-12)

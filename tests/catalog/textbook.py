"""The textbook's formulas of every layer, written out in NumPy: forward, sensitivity, gradients.

Independent of PyTorch. Arrays carry the batch first, (N, C, H, W) or (N, features); ``delta`` is
∂E/∂(output). The convolutions, the pools and the norms are in `textbook_maps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Pass:
    """One forward and backward pass: output, ∂E/∂input for every input, ∂E/∂parameter by name."""

    output: Array
    inputs: list[Array]
    parameters: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What a formula gets. ``probe`` gives the layer's output for other inputs, draws unchanged."""

    layer: Any
    parameters: dict[str, Array]
    inputs: list[Array]
    delta: Array
    probe: Callable[[Array], Array]

    @property
    def u(self) -> Array:
        return self.inputs[0]


Formula = Callable[[Given], Pass]
Pointwise = Callable[[Any, Array], tuple[Array, Array]]
TEXTBOOK: dict[str, Formula] = {}


def textbook(kind: str) -> Callable[[Formula], Formula]:
    """Enter a formula under the layer's ``type``."""

    def enter(formula: Formula) -> Formula:
        TEXTBOOK[kind] = formula
        return formula

    return enter


def sigmoid(u: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-u))


def _gauss(u: Array) -> tuple[Array, Array]:
    """Φ and φ, the standard normal distribution and its density."""
    distribution = 0.5 * (1.0 + np.vectorize(math.erf)(u / math.sqrt(2.0)))
    return distribution, np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi)


def _elu(a: float, u: Array) -> tuple[Array, Array]:
    negative = np.exp(np.minimum(u, 0.0))
    return np.where(u > 0, u, a * (negative - 1.0)), np.where(u > 0, 1.0, a * negative)


def _selu(layer: Any, u: Array) -> tuple[Array, Array]:
    a, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    x, slope = _elu(a, u)
    return scale * x, scale * slope


# φ(u) and φ′(u)
POINTWISE: dict[str, Pointwise] = {
    "identity": lambda layer, u: (u, np.ones_like(u)),
    "sigmoid": lambda layer, u: (sigmoid(u), sigmoid(u) * (1.0 - sigmoid(u))),
    "tanh": lambda layer, u: (np.tanh(u), 1.0 - np.tanh(u) ** 2),
    "scaled_tanh": lambda layer, u: (
        layer.amplitude * np.tanh(layer.slope * u),
        layer.amplitude * layer.slope * (1.0 - np.tanh(layer.slope * u) ** 2),
    ),
    "relu": lambda layer, u: (np.maximum(u, 0.0), (u > 0).astype(float)),
    "leaky_relu": lambda layer, u: (
        np.maximum(u, 0.0) + layer.slope * np.minimum(u, 0.0),
        np.where(u > 0, 1.0, layer.slope),
    ),
    "elu": lambda layer, u: _elu(layer.alpha, u),
    "selu": _selu,
    "gelu": lambda layer, u: (u * _gauss(u)[0], _gauss(u)[0] + u * _gauss(u)[1]),
    "silu": lambda layer, u: (u * sigmoid(u), sigmoid(u) * (1.0 + u * (1.0 - sigmoid(u)))),
    "softplus": lambda layer, u: (np.log1p(np.exp(u)), sigmoid(u)),
}


def _pointwise(rule: Pointwise) -> Formula:
    def formula(given: Given) -> Pass:
        x, slope = rule(given.layer, given.u)
        return Pass(x, [slope * given.delta])

    return formula


for _kind, _rule in POINTWISE.items():
    TEXTBOOK[_kind] = _pointwise(_rule)


@textbook("prelu")
def _prelu(given: Given) -> Pass:
    u, delta = given.u, given.delta
    (a,) = given.parameters.values()
    slopes = a.reshape(1, -1, *(1 for _ in u.shape[2:]))
    products = delta * np.minimum(u, 0.0)
    # one slope a channel, or one for all
    axes = tuple(i for i in range(u.ndim) if i != 1 or a.size == 1)
    grad = products.sum(axis=axes).reshape(a.shape)
    x = np.maximum(u, 0.0) + slopes * np.minimum(u, 0.0)
    return Pass(x, [np.where(u > 0, 1.0, slopes) * delta], dict.fromkeys(given.parameters, grad))


@textbook("softmax")
def _softmax(given: Given) -> Pass:
    y = np.exp(given.u)
    y /= y.sum(axis=1, keepdims=True)
    return Pass(y, [y * (given.delta - (given.delta * y).sum(axis=1, keepdims=True))])


@textbook("dense")
def _dense(given: Given) -> Pass:
    w = given.parameters["weight"]
    output = np.einsum("oi,ni->no", w, given.u) + given.parameters.get("bias", 0.0)
    grads = {"weight": np.einsum("no,ni->oi", given.delta, given.u), "bias": given.delta.sum(0)}
    return Pass(output, [np.einsum("oi,no->ni", w, given.delta)], grads)


@textbook("flatten")
@textbook("reshape")
@textbook("reshape1d")
def _flatten(given: Given) -> Pass:
    return Pass(given.u.reshape(given.delta.shape), [given.delta.reshape(given.u.shape)])


@textbook("add")
def _add(given: Given) -> Pass:
    return Pass(sum(given.inputs, np.zeros_like(given.u)), [given.delta for _ in given.inputs])


@textbook("concatenate")
def _concatenate(given: Given) -> Pass:
    ends = np.cumsum([x.shape[1] for x in given.inputs])[:-1]
    parts = [np.asarray(part) for part in np.split(given.delta, ends, axis=1)]
    return Pass(np.concatenate(given.inputs, axis=1), parts)


@textbook("dropout")
@textbook("channel_dropout")
def _dropout(given: Given) -> Pass:
    mask = given.probe(np.ones_like(given.u))  # m / (1 − p)
    kept = mask != 0
    np.testing.assert_allclose(mask[kept], 1.0 / (1.0 - given.layer.rate), rtol=1e-12)
    return Pass(mask * given.u, [mask * given.delta])


@textbook("gaussian_noise")
def _gaussian_noise(given: Given) -> Pass:
    return Pass(given.u + given.probe(np.zeros_like(given.u)), [given.delta])


@textbook("rrelu")
def _rrelu(given: Given) -> Pass:
    a = -given.probe(-np.ones_like(given.u))
    low, high = sorted((given.layer.lower, given.layer.upper))
    assert np.all((a >= low - 1e-12) & (a <= high + 1e-12))
    u = given.u
    x = np.maximum(u, 0.0) + a * np.minimum(u, 0.0)
    return Pass(x, [np.where(u > 0, 1.0, a) * given.delta])

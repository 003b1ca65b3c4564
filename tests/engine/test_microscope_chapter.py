"""The textbook chapter's formulas in NumPy, independent of PyTorch, against the microscope's sums.

Sigmoid everywhere, ½ΣΣ(t − y)². The chapter's δ is ∂E/∂u: here the sensitivity of the node whose
output is u. Output, fully connected, convolution before sum, mean and max pooling, pooling before a
convolution (two maps to three) and before a fully connected layer; both orientations of a kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.tracing.tracer import Tracer
from app.protocol.tracing import Cell, ExplainWanted
from tests.engine.specs import Driven, run_spec

Array = NDArray[np.float64]
POOLS: dict[str, dict[str, Any]] = {
    "sum": {"type": "subsample", "mode": "sum"},
    "mean": {"type": "subsample", "mode": "mean"},
    "max": {"type": "max_pool2d"},
}


def layers(pool: str) -> list[dict[str, Any]]:
    return [
        {"type": "conv2d", "filters": 2, "kernel": 3},
        {"type": "sigmoid"},
        POOLS[pool],
        {"type": "sigmoid"},
        {"type": "conv2d", "filters": 3, "kernel": 2},
        {"type": "sigmoid"},
        POOLS[pool],
        {"type": "sigmoid"},
        {"type": "flatten"},
        {"type": "dense", "units": 10},
        {"type": "sigmoid"},
    ]


def slope(x: Array) -> Array:
    """φ′(u) of the sigmoid, from x = φ(u)."""
    return x * (1.0 - x)


def rot180(k: Array) -> Array:
    return k[::-1, ::-1]


def full_convolution(d: Array, k: Array) -> Array:
    """A true convolution: the kernel turned, slid over d padded with zeros."""
    m, n = k.shape
    padded = np.pad(d, ((m - 1, m - 1), (n - 1, n - 1)))
    turned = rot180(k)
    rows, columns = padded.shape[0] - m + 1, padded.shape[1] - n + 1
    return np.array(
        [
            [(padded[u : u + m, v : v + n] * turned).sum() for v in range(columns)]
            for u in range(rows)
        ]
    )


def kernel_gradient(delta: Array, x: Array, k: int) -> Array:
    """Σᵤᵥ δᵤᵥ pᵤᵥ over all samples, in PyTorch's orientation: (outputs, inputs, k, k)."""
    found = np.zeros((delta.shape[1], x.shape[1], k, k))
    for u in range(delta.shape[2]):
        for v in range(delta.shape[3]):
            patch = x[:, :, u : u + k, v : v + k]
            found += np.einsum("nj,niab->jiab", delta[:, :, u, v], patch)
    return found


def up(delta: Array) -> Array:
    return delta.repeat(2, axis=2).repeat(2, axis=3)


def winners(x: Array) -> Array:
    """m: 1 at the first largest cell of each block."""
    found = np.zeros_like(x)
    for n, c, i, j in np.ndindex(x.shape[0], x.shape[1], x.shape[2] // 2, x.shape[3] // 2):
        block = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        a, b = np.unravel_index(block.argmax(), (2, 2))
        found[n, c, 2 * i + a, 2 * j + b] = 1.0
    return found


def before_pooling(pool: str, x: Array, delta: Array, beta: Array) -> Array:
    """δ of a convolution whose output x = φ(u) is pooled by blocks of 2 × 2."""
    weight = beta[None, :, None, None]
    if pool == "max":
        return slope(x) * winners(x) * up(delta)
    return weight * slope(x) * up(delta) / (4.0 if pool == "mean" else 1.0)


class Chapter:
    """Both passes of the net above, by the chapter's formulas alone."""

    def __init__(
        self, pool: str, values: dict[str, Array], target: Array, weights: dict[str, Array]
    ) -> None:
        order = [name for name in values if name != "input"]
        conv1, x1, pool1, x2, conv2, x3, pool2, x4, flat, dense, y = order
        beta1 = weights.get(f"{pool1}.weight", np.ones(2))
        beta2 = weights.get(f"{pool2}.weight", np.ones(3))
        self.delta: dict[str, Array] = {}
        self.gradient: dict[str, Array] = {}
        d = slope(values[y]) * (values[y] - target)
        self.delta[dense] = d
        self.gradient[f"{dense}.weight"] = np.einsum("no,ni->oi", d, values[flat])
        self.gradient[f"{dense}.bias"] = d.sum(0)
        back = (d @ weights[f"{dense}.weight"]).reshape(values[x4].shape)
        d = slope(values[x4]) * back
        self.delta[pool2] = d
        self._beta(pool, pool2, d, values[x3])
        d = before_pooling(pool, values[x3], d, beta2)
        self._convolution(conv2, d, values[x2], 2)
        kernels = weights[f"{conv2}.weight"]
        back = np.zeros_like(values[x2])
        for n, i, j in np.ndindex(len(back), 2, 3):
            back[n, i] += full_convolution(d[n, j], kernels[j, i])
        d = slope(values[x2]) * back
        self.delta[pool1] = d
        self._beta(pool, pool1, d, values[x1])
        d = before_pooling(pool, values[x1], d, beta1)
        self._convolution(conv1, d, values["input"], 3)

    def _convolution(self, name: str, d: Array, x: Array, k: int) -> None:
        self.delta[name] = d
        self.gradient[f"{name}.weight"] = kernel_gradient(d, x, k)
        self.gradient[f"{name}.bias"] = d.sum((0, 2, 3))

    def _beta(self, pool: str, name: str, d: Array, x: Array) -> None:
        if pool == "max":
            return
        n, c, h, w = x.shape
        down = x.reshape(n, c, h // 2, 2, w // 2, 2)
        total = down.sum((3, 5)) if pool == "sum" else down.mean((3, 5))
        self.gradient[f"{name}.weight"] = (d * total).sum((0, 2, 3))
        self.gradient[f"{name}.bias"] = d.sum((0, 2, 3))


@pytest.mark.parametrize("pool", POOLS)
def test_the_chapters_formulas_are_what_is_explained(pool: str) -> None:
    loss = {"type": "squared_error", "form": "half_sum"}
    driven = Driven(run_spec(layers(pool), loss=loss, batch_size=4)).to(2)
    tracer = Tracer(driven.session)
    trace = tracer.trace(ExplainWanted(cell=Cell(role="loss")))
    values = {name: value.numpy() for name, value in trace.values.items()}
    weights = {name: value.numpy() for name, value in trace.updated().before.items()}
    chapter = Chapter(pool, values, trace.targets.numpy(), weights)
    random = np.random.default_rng(1)

    for name, delta in chapter.delta.items():
        for _ in range(4):
            index = tuple(int(random.integers(size)) for size in delta.shape)
            cell = Cell(role="sensitivity", node=name, sample=index[0], index=index[1:])
            found = tracer.explain(ExplainWanted(cell=cell))
            assert abs(found.formula_value - delta[index]) <= 1e-9 * max(found.scale, 1e-12)
    for full, gradient in chapter.gradient.items():
        node, _, tensor = full.partition(".")
        for _ in range(3):
            index = tuple(int(random.integers(size)) for size in gradient.shape)
            cell = Cell(role="gradient", node=node, tensor=tensor, index=index)
            found = tracer.explain(ExplainWanted(cell=cell))
            assert abs(found.formula_value - gradient[index]) <= 1e-9 * max(found.scale, 1e-12)


def test_both_orientations_of_a_kernel_give_the_same_sensitivity() -> None:
    """Cross-correlation forward and "full" a true convolution need no turning; if "full" is the
    forward layer's own operation, the kernel is turned by 180°."""
    random = np.random.default_rng(2)
    d, k = random.normal(size=(4, 4)), random.normal(size=(3, 3))
    padded = np.pad(d, 2)
    correlated = np.array(
        [[(padded[u : u + 3, v : v + 3] * rot180(k)).sum() for v in range(6)] for u in range(6)]
    )
    np.testing.assert_allclose(full_convolution(d, k), correlated, rtol=1e-12)

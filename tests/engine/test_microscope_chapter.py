"""The textbook chapter's formulas in NumPy, independent of PyTorch, against the microscope's sums.

Sigmoid everywhere, ½ΣΣ(t − y)². The chapter's δ is ∂E/∂u: here the sensitivity of the node whose
output is u. Forward, δ, gradients and update of: output, fully connected, convolution before sum, mean
and max pooling, pooling before a convolution (two maps to three) and before a fully connected layer;
both orientations of a kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.tracing.tracer import Tracer
from app.protocol.tracing import Cell, ExplainWanted, Explanation
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
        {"type": "dense", "units": 7},
        {"type": "sigmoid"},
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


def sigmoid(u: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-u))


def correlated(x: Array, kernels: Array, bias: Array) -> Array:
    """u of a convolution as PyTorch has it: (samples, inputs, h, w) by (outputs, inputs, k, k)."""
    k = kernels.shape[2]
    rows, columns = x.shape[2] - k + 1, x.shape[3] - k + 1
    u = np.zeros((x.shape[0], kernels.shape[0], rows, columns))
    for i, j in np.ndindex(rows, columns):
        u[:, :, i, j] = np.einsum("niab,jiab->nj", x[:, :, i : i + k, j : j + k], kernels)
    return u + bias[None, :, None, None]


def blocks(x: Array) -> Array:
    """The four cells of every block on a last axis of their own."""
    n, c, h, w = x.shape
    parted = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return parted.reshape(n, c, h // 2, w // 2, 4)


class Chapter:
    """Both passes of the net above, by the chapter's formulas alone, from the input and the weights."""

    def __init__(
        self, pool: str, order: list[str], x: Array, target: Array, weights: dict[str, Array]
    ) -> None:
        self.pool, self.weights = pool, weights
        conv1, x1, pool1, x2, conv2, x3, pool2, x4, flat, fc1, x5, fc2, y = order
        self.forward: dict[str, Array] = {"input": x}
        self.delta: dict[str, Array] = {}
        self.gradient: dict[str, Array] = {}
        value = self.forward
        value[conv1] = correlated(x, weights[f"{conv1}.weight"], weights[f"{conv1}.bias"])
        value[x1] = sigmoid(value[conv1])
        value[pool1] = self._pooled(pool1, value[x1])
        value[x2] = sigmoid(value[pool1])
        kernels = weights[f"{conv2}.weight"]
        value[conv2] = correlated(value[x2], kernels, weights[f"{conv2}.bias"])
        value[x3] = sigmoid(value[conv2])
        value[pool2] = self._pooled(pool2, value[x3])
        value[x4] = sigmoid(value[pool2])
        value[flat] = value[x4].reshape(len(x), -1)
        value[fc1] = value[flat] @ weights[f"{fc1}.weight"].T + weights[f"{fc1}.bias"]
        value[x5] = sigmoid(value[fc1])
        value[fc2] = value[x5] @ weights[f"{fc2}.weight"].T + weights[f"{fc2}.bias"]
        value[y] = sigmoid(value[fc2])
        self.loss = 0.5 * float(((target - value[y]) ** 2).sum())

        d = slope(value[y]) * (value[y] - target)
        self._dense(fc2, d, value[x5])
        d = (d @ weights[f"{fc2}.weight"]) * slope(value[x5])
        self._dense(fc1, d, value[flat])
        back = (d @ weights[f"{fc1}.weight"]).reshape(value[x4].shape)
        d = slope(value[x4]) * back
        self._pooling(pool2, d, value[x3])
        d = before_pooling(pool, value[x3], d, weights.get(f"{pool2}.weight", np.ones(3)))
        self._convolution(conv2, d, value[x2], 2)
        back = np.zeros_like(value[x2])
        for n, i, j in np.ndindex(len(back), 2, 3):
            back[n, i] += full_convolution(d[n, j], kernels[j, i])
        d = slope(value[x2]) * back
        self._pooling(pool1, d, value[x1])
        d = before_pooling(pool, value[x1], d, weights.get(f"{pool1}.weight", np.ones(2)))
        self._convolution(conv1, d, x, 3)

    def _pooled(self, name: str, x: Array) -> Array:
        parted = blocks(x)
        if self.pool == "max":
            largest: Array = parted.max(-1)
            return largest
        down: Array = parted.sum(-1) if self.pool == "sum" else parted.mean(-1)
        beta, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        made: Array = beta[None, :, None, None] * down + bias[None, :, None, None]
        return made

    def _dense(self, name: str, d: Array, x: Array) -> None:
        self.delta[name] = d
        self.gradient[f"{name}.weight"] = np.einsum("no,ni->oi", d, x)
        self.gradient[f"{name}.bias"] = d.sum(0)

    def _convolution(self, name: str, d: Array, x: Array, k: int) -> None:
        self.delta[name] = d
        self.gradient[f"{name}.weight"] = kernel_gradient(d, x, k)
        self.gradient[f"{name}.bias"] = d.sum((0, 2, 3))

    def _pooling(self, name: str, d: Array, x: Array) -> None:
        self.delta[name] = d
        if self.pool == "max":
            return
        down = blocks(x).sum(-1) if self.pool == "sum" else blocks(x).mean(-1)
        self.gradient[f"{name}.weight"] = (d * down).sum((0, 2, 3))
        self.gradient[f"{name}.bias"] = d.sum((0, 2, 3))


class Asked:
    """The microscope on the net after two steps, and the chapter's numbers of the same step."""

    def __init__(self, pool: str) -> None:
        loss = {"type": "squared_error", "form": "half_sum"}
        rule = {"type": "sgd", "learning_rate": 0.05}
        driven = Driven(run_spec(layers(pool), loss=loss, optimizer=rule, batch_size=4)).to(2)
        self.tracer = Tracer(driven.session)
        trace = self.tracer.trace(ExplainWanted(cell=Cell(role="loss")))
        self.weights = {name: value.numpy() for name, value in trace.updated().before.items()}
        order = [name for name in trace.values if name != "input"]
        x, target = trace.values["input"].numpy(), trace.targets.numpy()
        self.chapter = Chapter(pool, order, x, target, self.weights)

    def explain(self, **cell: Any) -> Explanation:
        return self.tracer.explain(ExplainWanted(cell=Cell(**cell)))

    def same(self, wanted: float, **cell: Any) -> None:
        """The sum of the terms is the chapter's number."""
        found = self.explain(**cell)
        assert abs(found.formula_value - wanted) <= 1e-9 * max(found.scale, 1e-12), cell


def some(random: np.random.Generator, shape: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    return [tuple(int(random.integers(size)) for size in shape) for _ in range(count)]


@pytest.mark.parametrize("pool", POOLS)
def test_the_chapters_formulas_are_what_is_explained(pool: str) -> None:
    asked = Asked(pool)
    chapter, random = asked.chapter, np.random.default_rng(1)
    asked.same(chapter.loss, role="loss")
    for name, value in chapter.forward.items():
        for sample, *index in some(random, value.shape, 3):
            wanted = float(value[(sample, *index)])
            asked.same(wanted, role="activation", node=name, sample=sample, index=tuple(index))
    for name, delta in chapter.delta.items():
        for sample, *index in some(random, delta.shape, 4):
            wanted = float(delta[(sample, *index)])
            asked.same(wanted, role="sensitivity", node=name, sample=sample, index=tuple(index))
    for full, gradient in chapter.gradient.items():
        node, _, tensor = full.partition(".")
        for at in some(random, gradient.shape, 3):
            place = {"node": node, "tensor": tensor, "index": at}
            wanted = float(gradient[at])
            asked.same(wanted, role="gradient", **place)
            asked.same(float(asked.weights[full][at]) - 0.05 * wanted, role="update", **place)
    learned = {"conv1", "conv2", "fc1", "fc2"} | (set() if pool == "max" else {"sub1", "sub2"})
    assert {full.partition(".")[0] for full in chapter.gradient} == learned


def met(found: Explanation, one: str, other: str) -> dict[tuple[int, ...], tuple[int, ...]]:
    """By the last two coordinates of the cell of one role, those of the cell that it is multiplied by."""
    pairs = {}
    for term in found.terms:
        by_role: dict[str, tuple[int, ...]] = {
            f.place.role: f.place.index for f in term.factors if f.place
        }
        if {one, other} <= set(by_role):
            pairs[by_role[one]] = by_role[other]
    return pairs


def test_both_orientations_of_a_kernel_are_in_what_is_explained() -> None:
    """PyTorch slides the kernel as it lies, the chapter turns it by 180° first: k′ = rot180(k). On the
    way back the same terms are the true convolution with k, and the sliding of k′ as it lies."""
    asked = Asked("mean")
    kernels, d = asked.weights["conv2.weight"], asked.chapter.delta["conv2"]
    turned = kernels[:, :, ::-1, ::-1]
    k, sample, channel, row, column = 2, 1, 0, 1, 1

    found = asked.explain(role="activation", node="conv2", sample=sample, index=(2, row, column))
    pairs = met(found, "parameter", "activation")
    patch = asked.chapter.forward["sigm2"][sample]
    for (_, i, a, b), (channel_in, u, v) in pairs.items():
        assert (channel_in, u, v) == (i, row + a, column + b)  # as it lies
    true = sum(
        turned[2, i, k - 1 - a, k - 1 - b] * patch[i, row + a, column + b]
        for i, a, b in np.ndindex(2, k, k)
    )
    assert found.formula_value == pytest.approx(true + asked.weights["conv2.bias"][2], rel=1e-9)

    found = asked.explain(
        role="sensitivity", node="sigm2", sample=sample, index=(channel, row, column)
    )
    pairs = met(found, "sensitivity", "parameter")
    assert len(pairs) == 3 * k * k
    padded = np.pad(d[sample], ((0, 0), (k - 1, k - 1), (k - 1, k - 1)))
    slid = sum(
        padded[j, row + a, column + b] * turned[j, channel, a, b] for j, a, b in np.ndindex(3, k, k)
    )
    assert found.formula_value == pytest.approx(slid, rel=1e-9)
    for (j, u, v), (_, _, a, b) in pairs.items():
        # The δ that lies further down met the kernel's row further up: turned by 180°.
        assert (a, b) == (row - u, column - v)
        assert kernels[j, channel, a, b] == turned[j, channel, k - 1 - a, k - 1 - b]

    x = asked.chapter.forward["sigm2"]
    for a, b in np.ndindex(k, k):
        found = asked.explain(
            role="gradient", node="conv2", tensor="weight", index=(2, channel, a, b)
        )
        # The chapter's ∂E/∂k′ = conv(x, rot180(δ)), and rot180 of it is PyTorch's.
        valid = [
            full_convolution(x[n, channel], rot180(d[n, 2]))[
                d.shape[2] - 1 : x.shape[2], d.shape[3] - 1 : x.shape[3]
            ]
            for n in range(len(x))
        ]
        assert found.formula_value == pytest.approx(np.sum(valid, 0)[a, b], rel=1e-9)
        of_turned = rot180(np.sum(valid, 0))[k - 1 - a, k - 1 - b]
        assert found.formula_value == pytest.approx(of_turned, rel=1e-9)

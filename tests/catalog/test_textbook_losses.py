"""The losses against the textbook's formulas, value and δ, to 1e-9 in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.catalog.losses import LOSSES, Loss, Task
from tests.catalog.strategies import fewer, parts

Array = NDArray[np.float64]
Rule = Callable[[Any, Array, Array], tuple[float, Array]]


def _cross_entropy(loss: Any, u: Array, t: Array) -> tuple[float, Array]:
    """E = −Σ t ln softmax(u), mean over the batch; δ = (y − t) / N. t is one-hot, then smoothed."""
    t = (1.0 - loss.label_smoothing) * t + loss.label_smoothing / u.shape[1]
    y = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    return float(-(t * np.log(y)).sum() / len(u)), (y - t) / len(u)


def _binary_cross_entropy(loss: Any, u: Array, t: Array) -> tuple[float, Array]:
    """E = −mean(t ln σ(u) + (1 − t) ln(1 − σ(u))); δ = (σ(u) − t)/(N c). One output: t from ±1."""
    t = (t + 1.0) / 2.0 if u.shape[1] == 1 else t
    y = 1.0 / (1.0 + np.exp(-u))
    return float(-(t * np.log(y) + (1.0 - t) * np.log(1.0 - y)).mean()), (y - t) / u.size


def _squared_error(loss: Any, y: Array, t: Array) -> tuple[float, Array]:
    """half_sum: E = ½ΣΣ(t − y)², δ = y − t; mean: E = ΣΣ(t − y)²/(N c), δ = 2(y − t)/(N c)."""
    if loss.form == "half_sum":
        return float(0.5 * ((t - y) ** 2).sum()), y - t
    return float(((t - y) ** 2).mean()), 2.0 * (y - t) / y.size


def _hinge(loss: Any, u: Array, t: Array) -> tuple[float, Array]:
    """E = Σ_{k≠t} max(0, m − u_t + u_k)/c, mean over the batch. t is one-hot."""
    lag = (loss.margin - (u * t).sum(axis=1, keepdims=True) + u) * (1.0 - t)
    slope = (lag > 0) * (1.0 - t)
    delta = (slope - t * slope.sum(axis=1, keepdims=True)) / u.size
    return float(np.maximum(lag, 0.0).sum() / u.size), delta


def _huber(loss: Any, y: Array, t: Array) -> tuple[float, Array]:
    """½e² up to the threshold d, d(|e| − ½d) beyond; mean over all."""
    e, d = y - t, loss.threshold
    value = np.where(np.abs(e) <= d, 0.5 * e**2, d * (np.abs(e) - 0.5 * d))
    return float(value.mean()), np.clip(e, -d, d) / e.size


TEXTBOOK: dict[str, Rule] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "squared_error": _squared_error,
    "hinge": _hinge,
    "huber": _huber,
}
OURS = [k for k, part in LOSSES.parts.items() if part.__module__.startswith("app.catalog.")]
each_loss = pytest.mark.parametrize("loss", [LOSSES.parts[kind] for kind in TEXTBOOK], ids=TEXTBOOK)


def as_numbers(classes: NDArray[np.int64], outputs: int) -> Array:
    """One-hot; ±1 where one output stands for two classes."""
    if outputs == 1:
        return (2 * classes - 1).astype(np.float64)[:, None]
    return np.eye(outputs, dtype=np.float64)[classes]


def compare(loss: Loss, outputs: Array, numbers: Array, target: torch.Tensor, count: int) -> None:
    leaf = torch.from_numpy(outputs).requires_grad_()
    encoded = loss.encode(target, outputs.shape[1], count)
    # encode() gives the default dtype, which is what a run uses; here all is float64
    encoded = encoded.double() if encoded.is_floating_point() else encoded
    value = loss.build()(leaf, encoded)
    torch.autograd.backward(value)
    energy, delta = TEXTBOOK[loss.kind()](loss, outputs, numbers)
    assert leaf.grad is not None
    np.testing.assert_allclose(energy, value.item(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(delta, leaf.grad.numpy(), rtol=1e-9, atol=1e-9)


@each_loss
@fewer(2)
@given(data=st.data(), classes=st.integers(2, 8), batch=st.integers(1, 9), seed=st.integers(0, 999))
def test_classes(
    loss: type[Loss], data: st.DataObject, classes: int, batch: int, seed: int
) -> None:
    if "classification" not in loss.TASKS:
        return
    made: Loss = data.draw(parts(loss))
    random = np.random.RandomState(seed)
    target = random.randint(0, classes, batch).astype(np.int64)
    for size in made.output_sizes("classification", classes):
        outputs = 2.0 * random.standard_normal((batch, size))
        numbers = as_numbers(target, size)
        compare(made, outputs, numbers, torch.from_numpy(target), classes)


@each_loss
@fewer(2)
@given(data=st.data(), values=st.integers(1, 5), batch=st.integers(1, 9), seed=st.integers(0, 999))
def test_values(loss: type[Loss], data: st.DataObject, values: int, batch: int, seed: int) -> None:
    if "regression" not in loss.TASKS:
        return
    made: Loss = data.draw(parts(loss))
    random = np.random.RandomState(seed)
    outputs, numbers = random.standard_normal((2, batch, values))
    assert made.output_sizes("regression", values) == (values,)
    compare(made, outputs, numbers, torch.from_numpy(numbers), values)


def test_every_loss_of_ours_has_its_formula_written_out() -> None:
    assert set(TEXTBOOK) == set(OURS)


def test_two_classes_fit_one_or_two_outputs() -> None:
    """2-D points: cross-entropy takes two outputs, squared error one (±1) or two."""
    assert LOSSES.parts["cross_entropy"]().output_sizes("classification", 2) == (2,)
    assert LOSSES.parts["squared_error"]().output_sizes("classification", 2) == (1, 2)
    assert LOSSES.parts["squared_error"]().output_sizes("classification", 3) == (3,)
    assert LOSSES.parts["binary_cross_entropy"]().output_sizes("classification", 2) == (1, 2)


@pytest.mark.parametrize("loss", LOSSES.parts.values(), ids=lambda loss: str(loss.kind()))
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_delta_is_the_slope_of_the_loss(loss: type[Loss], task: Task) -> None:
    """Central differences, asked of every loss whether its formula is written out or not."""
    if task not in loss.TASKS:
        return
    random = np.random.RandomState(3)
    target = random.randint(0, 3, 4) if task == "classification" else random.randn(4, 3)
    for size in loss().output_sizes(task, 3):
        encoded = loss().encode(torch.from_numpy(target), size, 3)
        encoded = encoded.double() if encoded.is_floating_point() else encoded
        outputs = torch.from_numpy(random.randn(4, size)).requires_grad_()
        function = loss().build()
        assert torch.autograd.gradcheck(lambda u, t=encoded, f=function: f(u, t), outputs)

"""One training step against an implementation of the textbook's formulas in NumPy, float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.engine.trainer import Trainer
from tests.engine.specs import run_spec, trainer_of

Array = NDArray[np.float64]
Weights = dict[str, Array]

LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 3, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]


def windows(x: Array, size: int) -> Array:
    """All size×size windows of (N, C, H, W): (N, C, H′, W′, size, size)."""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))


def forward_backward(w: Weights, x: Array, t: NDArray[np.int64]) -> tuple[float, Array, Weights]:
    """(loss, outputs, gradients) of convolution, ReLU, 2×2 max pooling, dense, cross-entropy."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    u = np.einsum("nchwij,kcij->nkhw", windows(padded, 3), w["conv1.weight"])
    u += w["conv1.bias"][None, :, None, None]
    a = np.maximum(u, 0)
    n, k, h, width = a.shape
    blocks = a.reshape(n, k, h // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(n, k, h // 2, width // 2, 4)
    winner = blocks.argmax(-1)
    flat = blocks.max(-1).reshape(n, -1)
    y = flat @ w["fc1.weight"].T + w["fc1.bias"]
    p = np.exp(y - y.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = float(-np.log(p[np.arange(n), t]).mean())
    delta = p.copy()
    delta[np.arange(n), t] -= 1
    delta /= n
    found = {"fc1.weight": delta.T @ flat, "fc1.bias": delta.sum(0)}
    back = (delta @ w["fc1.weight"]).reshape(n, k, h // 2, width // 2)
    spread = (np.arange(4) == winner[..., None]) * back[..., None]
    spread = spread.reshape(n, k, h // 2, width // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    delta_u = spread.reshape(a.shape) * (u > 0)
    found["conv1.weight"] = np.einsum("nchwij,nkhw->kcij", windows(padded, 3), delta_u)
    found["conv1.bias"] = delta_u.sum((0, 2, 3))
    return loss, y, found


def weights(trainer: Trainer) -> Weights:
    return {
        name: value.detach().double().numpy()
        for name, value in trainer.network.state_dict().items()
    }


def batch(trainer: Trainer) -> tuple[Array, NDArray[np.int64]]:
    """The samples of the trainer's next step."""
    index = trainer.next_batch().numpy()
    arrays = trainer.data.arrays
    return arrays.train_x[index].astype(np.float64), arrays.train_y[index].astype(np.int64)


def test_forward_loss_and_gradient() -> None:
    trainer = trainer_of(run_spec(LAYERS))
    before = {name: value.copy() for name, value in weights(trainer).items()}
    x, t = batch(trainer)
    loss, outputs, gradients = forward_backward(before, x, t)
    seen = trainer.network(torch.from_numpy(x.astype(np.float32)))
    np.testing.assert_allclose(seen.detach().numpy(), outputs, rtol=1e-4, atol=1e-5)
    trainer.step()
    [point] = trainer.read_metrics()
    assert point.loss == pytest.approx(loss, rel=1e-5)
    assert point.hits == int((outputs.argmax(1) == t).sum())
    for name, parameter in trainer.network.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_allclose(parameter.grad.numpy(), gradients[name], rtol=1e-3, atol=1e-6)
    norms = trainer.gradient_norms()
    for node in ("conv1", "fc1"):
        parts = [gradients[f"{node}.{part}"] for part in ("weight", "bias")]
        assert norms[node] == pytest.approx(np.sqrt(sum((g**2).sum() for g in parts)), rel=1e-4)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_with_momentum_and_decay(nesterov: bool) -> None:
    rate, momentum, decay = 0.1, 0.9, 0.01
    rule = {
        "type": "sgd",
        "learning_rate": rate,
        "momentum": momentum,
        "weight_decay": decay,
        "nesterov": nesterov,
    }
    trainer = trainer_of(run_spec(LAYERS, optimizer=rule))
    w = {name: value.copy() for name, value in weights(trainer).items()}
    v = {name: np.zeros_like(value) for name, value in w.items()}
    for _ in range(4):
        _, _, gradients = forward_backward(w, *batch(trainer))
        for name, gradient in gradients.items():
            g = gradient + decay * w[name]
            v[name] = momentum * v[name] + g
            w[name] = w[name] - rate * (g + momentum * v[name] if nesterov else v[name])
        trainer.step()
    for name, value in weights(trainer).items():
        np.testing.assert_allclose(value, w[name], rtol=1e-4, atol=1e-5)


def test_adam() -> None:
    rate, beta1, beta2, epsilon = 0.01, 0.8, 0.95, 1e-6
    rule = {
        "type": "adam",
        "learning_rate": rate,
        "beta1": beta1,
        "beta2": beta2,
        "epsilon": epsilon,
    }
    trainer = trainer_of(run_spec(LAYERS, optimizer=rule))
    w = {name: value.copy() for name, value in weights(trainer).items()}
    m = {name: np.zeros_like(value) for name, value in w.items()}
    s = {name: np.zeros_like(value) for name, value in w.items()}
    for t in range(1, 5):
        _, _, gradients = forward_backward(w, *batch(trainer))
        for name, g in gradients.items():
            m[name] = beta1 * m[name] + (1 - beta1) * g
            s[name] = beta2 * s[name] + (1 - beta2) * g**2
            root = np.sqrt(s[name] / (1 - beta2**t)) + epsilon
            w[name] = w[name] - rate * m[name] / (1 - beta1**t) / root
        trainer.step()
    for name, value in weights(trainer).items():
        np.testing.assert_allclose(value, w[name], rtol=2e-3, atol=2e-4)


def test_evaluation_is_the_whole_validation_set() -> None:
    trainer = trainer_of(run_spec(LAYERS))
    arrays = trainer.data.arrays
    loss, outputs, _ = forward_backward(
        weights(trainer), arrays.val_x.astype(np.float64), arrays.val_y.astype(np.int64)
    )
    seen, accuracy = trainer.evaluate()
    assert seen == pytest.approx(loss, rel=1e-5)
    assert accuracy == pytest.approx(float((outputs.argmax(1) == arrays.val_y).mean()))


def test_moving_relu_behind_pooling_changes_no_bit() -> None:
    moved = trainer_of(run_spec(LAYERS))
    plain = trainer_of(run_spec(LAYERS))
    assert plain.network._chain is not None
    plain.network._chain = [plain.network.node(name) for name in plain.network.order]
    assert moved.network._chain != [moved.network.node(name) for name in moved.network.order]
    for _ in range(30):
        moved.step()
        plain.step()
    for name, value in plain.network.state_dict().items():
        assert torch.equal(value, moved.network.state_dict()[name])

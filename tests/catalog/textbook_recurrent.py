"""Back-propagation through time, written out in NumPy in the chapter's three steps.

Forward for every step; the errors backward, from the last step to the first; the gradients summed
over time. Arrays are (N, T, features); δ with a suffix is ∂E/∂(net input).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from app.nn.dropout import SeededDropout
from tests.catalog import textbook_maps
from tests.catalog.textbook import Array, Given, Pass, sigmoid, textbook

Walk = Callable[[list[Array], Array, Array], Pass]
"""Parameters of one layer in one direction, x and ∂E/∂s give one layer's pass."""


def phi(name: str, u: Array) -> tuple[Array, Array]:
    """φ(u) and φ′(u)."""
    if name == "relu":
        return np.maximum(u, 0.0), (u > 0).astype(float)
    if name == "sigmoid":
        s = sigmoid(u)
        return s, s * (1.0 - s)
    if name == "identity":
        return u, np.ones_like(u)
    return np.tanh(u), 1.0 - np.tanh(u) ** 2


def outer(delta: Array, x: Array) -> Array:
    """Σ over samples of δ xᵀ."""
    return np.asarray(np.einsum("ni,nj->ij", delta, x))


def elman(name: str, U: Array, W: Array, b: Array, x: Array, delta_s: Array) -> list[Array]:
    """s, ∂E/∂x, ∂E/∂U, ∂E/∂W, ∂E/∂b; ``delta_s`` is what comes to s from above, Vᵀ δ_o."""
    count, steps = x.shape[:2]
    s = np.zeros((count, steps + 1, len(b)))  # s[:, t] is the state before step t
    u = np.zeros((count, steps, len(b)))
    for t in range(steps):
        u[:, t] = x[:, t] @ U.T + s[:, t] @ W.T + b
        s[:, t + 1] = phi(name, u[:, t])[0]
    delta = np.zeros((count, steps + 1, len(b)))  # δ_{T+1} = 0
    for t in reversed(range(steps)):
        delta[:, t] = phi(name, u[:, t])[1] * (delta_s[:, t] + delta[:, t + 1] @ W)
    grad_u = sum(outer(delta[:, t], x[:, t]) for t in range(steps))
    grad_w = sum(outer(delta[:, t], s[:, t]) for t in range(steps))
    return [s[:, 1:], delta[:, :-1] @ U, grad_u, grad_w, delta.sum(axis=(0, 1))]


def walk_elman(name: str) -> Walk:
    def walk(given: list[Array], x: Array, delta_s: Array) -> Pass:
        U, W, b_ih, b_hh = given
        s, back, grad_u, grad_w, grad_b = elman(name, U, W, b_ih + b_hh, x, delta_s)
        return Pass(s, [back], {"weight_ih": grad_u, "weight_hh": grad_w, **_twice(grad_b)})

    return walk


def _twice(grad_b: Array) -> dict[str, Array]:
    """b is the sum of PyTorch's two biases: both have its gradient."""
    return {"bias_ih": grad_b, "bias_hh": grad_b}


def walk_lstm(given: list[Array], x: Array, delta_h: Array) -> Pass:
    """The chapter's LSTM: every gate with its own weights over [x_t, h_{t−1}]."""
    w_ih, w_hh, b_ih, b_hh = given
    size, (count, steps) = len(w_hh[0]), x.shape[:2]
    gates = "ifgo"
    rows = {q: slice(k * size, (k + 1) * size) for k, q in enumerate(gates)}
    h = np.zeros((count, steps + 1, size))
    c = np.zeros((count, steps + 1, size))
    values: dict[str, Array] = {q: np.zeros((count, steps, size)) for q in gates}
    for t in range(steps):
        for q in gates:
            net = x[:, t] @ w_ih[rows[q]].T + h[:, t] @ w_hh[rows[q]].T + (b_ih + b_hh)[rows[q]]
            values[q][:, t] = np.tanh(net) if q == "g" else sigmoid(net)
        c[:, t + 1] = values["f"][:, t] * c[:, t] + values["i"][:, t] * values["g"][:, t]
        h[:, t + 1] = values["o"][:, t] * np.tanh(c[:, t + 1])

    delta = {q: np.zeros((count, steps + 1, size)) for q in gates}
    bar_c, forget = np.zeros((count, size)), np.zeros((count, size))  # of step t + 1
    for t in reversed(range(steps)):
        i, f, g, o = (values[q][:, t] for q in gates)
        bar_h = delta_h[:, t] + sum(delta[q][:, t + 1] @ w_hh[rows[q]] for q in gates)
        tanh_c = np.tanh(c[:, t + 1])
        bar_c = bar_h * o * (1.0 - tanh_c**2) + bar_c * forget
        forget = f
        delta["o"][:, t] = bar_h * tanh_c * o * (1.0 - o)
        delta["f"][:, t] = bar_c * c[:, t] * f * (1.0 - f)
        delta["i"][:, t] = bar_c * g * i * (1.0 - i)
        delta["g"][:, t] = bar_c * i * (1.0 - g**2)
    every = np.concatenate([delta[q][:, :-1] for q in gates], axis=2)
    return Pass(h[:, 1:], [every @ w_ih], _summed(every, every, x, h[:, :-1]))


def _summed(of_x: Array, of_h: Array, x: Array, h: Array) -> dict[str, Array]:
    """The third step: Σ over time of δ_t times what met the weights."""
    steps = range(x.shape[1])
    return {
        "weight_ih": np.asarray(sum(outer(of_x[:, t], x[:, t]) for t in steps)),
        "weight_hh": np.asarray(sum(outer(of_h[:, t], h[:, t]) for t in steps)),
        "bias_ih": of_x.sum(axis=(0, 1)),
        "bias_hh": of_h.sum(axis=(0, 1)),
    }


def walk_gru(given: list[Array], x: Array, delta_h: Array) -> Pass:
    """PyTorch's variant: n = tanh(W_n x + b_n + r ∘ (U_n h + b′_n))."""
    w_ih, w_hh, b_ih, b_hh = given
    size, (count, steps) = len(w_hh[0]), x.shape[:2]
    rows = [slice(k * size, (k + 1) * size) for k in range(3)]
    h = np.zeros((count, steps + 1, size))
    kept: list[Any] = []
    for t in range(steps):
        from_x, from_h = x[:, t] @ w_ih.T + b_ih, h[:, t] @ w_hh.T + b_hh
        r, z = (sigmoid(from_x[:, k] + from_h[:, k]) for k in rows[:2])
        n = np.tanh(from_x[:, rows[2]] + r * from_h[:, rows[2]])
        h[:, t + 1] = (1.0 - z) * n + z * h[:, t]
        kept.append((r, z, n, from_h[:, rows[2]]))
    of_x = np.zeros((count, steps, 3 * size))
    of_h = np.zeros((count, steps, 3 * size))
    later = np.zeros((count, size))
    for t in reversed(range(steps)):
        r, z, n, v = kept[t]
        bar_h = delta_h[:, t] + later
        delta_n = bar_h * (1.0 - z) * (1.0 - n**2)
        delta_z = bar_h * (h[:, t] - n) * z * (1.0 - z)
        delta_r = delta_n * v * r * (1.0 - r)
        of_x[:, t] = np.concatenate([delta_r, delta_z, delta_n], axis=1)
        of_h[:, t] = np.concatenate([delta_r, delta_z, r * delta_n], axis=1)
        later = z * bar_h + of_h[:, t] @ w_hh
    return Pass(h[:, 1:], [of_x @ w_ih], _summed(of_x, of_h, x, h[:, :-1]))


def stacked(walk: Walk, given: Given) -> Pass:
    """Layers upon each other, each in one direction or in both; dropout between them."""
    layer, ends = given.layer, ("", "_reverse")[: given.layer.directions]
    size = layer.units

    def weights(place: int, end: str) -> list[Array]:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [given.parameters[f"{name}_l{place}{end}"] for name in names]

    def run(place: int, x: Array, delta: Array) -> tuple[Array, Array, dict[str, Array]]:
        outputs, back = [], np.zeros_like(x)
        gradients: dict[str, Array] = {}
        for k, end in enumerate(ends):
            turn = slice(None, None, -1 if end else 1)
            own = delta[:, turn, k * size : (k + 1) * size]
            one = walk(weights(place, end), x[:, turn], own)
            outputs.append(one.output[:, turn])
            back += one.inputs[0][:, turn]
            gradients |= {f"{n}_l{place}{end}": g for n, g in one.parameters.items()}
        return np.concatenate(outputs, axis=2), back, gradients

    draws = SeededDropout(layer.dropout)
    draws.reseed(11)
    x, inputs, masks = given.u, [], []
    for place in range(layer.layers):
        mask = np.ones(x.shape)
        if place and layer.dropout:
            mask = draws(torch.ones(x.shape, dtype=torch.float64)).numpy()
        masks.append(mask)
        inputs.append(x * mask)
        nothing = np.zeros((*x.shape[:2], size * len(ends)))
        x = run(place, inputs[-1], nothing)[0]
    output, delta = x, given.delta
    gradients: dict[str, Array] = {}
    for place in reversed(range(layer.layers)):
        _, back, found = run(place, inputs[place], delta)
        gradients |= found
        delta = back * masks[place]
    return Pass(output, [delta], gradients)


@textbook("rnn")
def _rnn(given: Given) -> Pass:
    return stacked(walk_elman(given.layer.activation), given)


@textbook("lstm")
def _lstm(given: Given) -> Pass:
    return stacked(walk_lstm, given)


@textbook("gru")
def _gru(given: Given) -> Pass:
    return stacked(walk_gru, given)


@textbook("jordan")
def _jordan(given: Given) -> Pass:
    """δ_o = g′ ∘ (∂E/∂o + Wᵀ δ_{t+1}), the full Jacobian of a softmax; δ = φ′ ∘ Vᵀ δ_o."""
    layer, x = given.layer, given.u
    U, W, b, V, c = (given.parameters[name] for name in "UWbVc")
    count, steps = x.shape[:2]
    o = np.zeros((count, steps + 1, len(c)))
    s, u = np.zeros((count, steps, len(b))), np.zeros((count, steps, len(b)))
    net = np.zeros((count, steps, len(c)))
    for t in range(steps):
        u[:, t] = x[:, t] @ U.T + o[:, t] @ W.T + b
        s[:, t] = phi(layer.activation, u[:, t])[0]
        net[:, t] = s[:, t] @ V.T + c
        o[:, t + 1] = _out(layer.output, net[:, t])
    delta = np.zeros((count, steps + 1, len(b)))
    delta_o = np.zeros((count, steps, len(c)))
    for t in reversed(range(steps)):
        above = given.delta[:, t] + delta[:, t + 1] @ W
        if layer.output == "softmax":
            y = o[:, t + 1]
            delta_o[:, t] = y * (above - (above * y).sum(axis=1, keepdims=True))
        else:
            delta_o[:, t] = phi(layer.output, net[:, t])[1] * above
        delta[:, t] = phi(layer.activation, u[:, t])[1] * (delta_o[:, t] @ V)
    delta = delta[:, :-1]
    gradients = {
        "U": sum(outer(delta[:, t], x[:, t]) for t in range(steps)),
        "W": sum(outer(delta[:, t], o[:, t]) for t in range(steps)),
        "V": sum(outer(delta_o[:, t], s[:, t]) for t in range(steps)),
        "b": delta.sum(axis=(0, 1)),
        "c": delta_o.sum(axis=(0, 1)),
    }
    return Pass(o[:, 1:], [delta @ U], {n: np.asarray(g) for n, g in gradients.items()})


def _out(name: str, u: Array) -> Array:
    if name != "softmax":
        return phi(name, u)[0]
    shares = np.exp(u - u.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


@textbook("banded_rnn")
def _banded_rnn(given: Given) -> Pass:
    """Elman's with zeros beside the band; ∂E/∂w_ij of those that exist."""
    layer = given.layer
    U, band, b = (given.parameters[name] for name in ("U", "band", "b"))
    cells = [(i, i) for i in range(layer.units)]
    for d in range(1, min(layer.reach, layer.units - 1) + 1):
        cells += [(i, i + d) for i in range(layer.units - d)]
        cells += [(i + d, i) for i in range(layer.units - d)]
    W = np.zeros((layer.units, layer.units))
    for (i, j), value in zip(cells, band, strict=True):
        W[i, j] = value
    s, back, grad_u, grad_w, grad_b = elman(layer.activation, U, W, b, given.u, given.delta)
    grad_band = np.array([grad_w[i, j] for i, j in cells])
    return Pass(s, [back], {"U": grad_u, "band": grad_band, "b": grad_b})


@textbook("dense_steps")
def _dense_steps(given: Given) -> Pass:
    V = given.parameters["weight"]
    output = given.u @ V.T + given.parameters.get("bias", np.zeros(len(V)))
    steps = range(given.u.shape[1])
    grad_v = sum(outer(given.delta[:, t], given.u[:, t]) for t in steps)
    grads = {"weight": np.asarray(grad_v), "bias": given.delta.sum(axis=(0, 1))}
    return Pass(output, [given.delta @ V], grads)


@textbook("embedding")
def _embedding(given: Given) -> Pass:
    """A one-hot vector times the table; the gradient of a row is the sum over the steps it is met at."""
    table = given.parameters["weight"]
    one_hot = np.eye(len(table))[given.u.astype(int)]
    one_hot[:, :, 0] = 0.0  # the padding
    grad = np.einsum("ntv,ntd->vd", one_hot, given.delta)
    return Pass(one_hot @ table, [np.zeros_like(given.u)], {"weight": grad})


@textbook("last_step")
def _last_step(given: Given) -> Pass:
    back = np.zeros(given.u.shape)
    back[:, -1] = given.delta
    return Pass(given.u[:, -1], [back])


@textbook("mean_over_time")
def _mean_over_time(given: Given) -> Pass:
    steps = given.u.shape[1]
    return Pass(given.u.mean(axis=1), [np.repeat(given.delta[:, None], steps, axis=1) / steps])


@textbook("max_over_time")
def _max_over_time(given: Given) -> Pass:
    top = given.u.max(axis=1)
    return Pass(top, [(given.u == top[:, None]) * given.delta[:, None]])


@textbook("rows")
def _rows(given: Given) -> Pass:
    """(x_t)_{cW+w} = x_{ctw}; without pictures the values stay in their order."""
    steps, n = given.delta.shape[1], len(given.u)
    if given.u.ndim == 4:
        _, channels, height, width = given.u.shape
        rows = given.delta.reshape(n, height, channels, width).transpose(0, 2, 1, 3)
        return Pass(given.u.transpose(0, 2, 1, 3).reshape(n, steps, -1), [rows])
    return Pass(given.u.reshape(n, steps, -1), [given.delta.reshape(given.u.shape)])


FORMULAS = textbook_maps.FORMULAS
"""All formulas, those of `textbook`, of `textbook_maps` and these."""

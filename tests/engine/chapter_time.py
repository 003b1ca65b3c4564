"""The chapter's back-propagation through time in NumPy, step by step, independent of PyTorch.

Forward for every unit; the errors backward; the gradients summed over time. ``above`` is what comes to
the output of every step, (N, T, ·): Vᵀ δ_o. With all but one step of it zero, the same walk backward
gives ∂E_τ/∂s_t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = Mapping[str, Array]


def sigmoid(u: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-u)))


def slope(name: str, u: Array) -> Array:
    """φ′(u)."""
    if name == "relu":
        return (u > 0).astype(float)
    if name == "sigmoid":
        return sigmoid(u) * (1.0 - sigmoid(u))
    return 1.0 - np.tanh(u) ** 2 if name == "tanh" else np.ones_like(u)


def value(name: str, u: Array) -> Array:
    if name == "relu":
        return np.maximum(u, 0.0)
    if name == "sigmoid":
        return sigmoid(u)
    return np.tanh(u) if name == "tanh" else u


@dataclass
class Back:
    """One walk backward: ∂E/∂(each state) and δ at the net inputs by name, (N, T, ·)."""

    states: dict[str, Array]
    deltas: dict[str, Array]


class Elman:
    """u_t = U x_t + W s_{t−1} + b, s_t = φ(u_t)."""

    def __init__(
        self, weights: Weights, x: Array, activation: str = "tanh", start: Array | None = None
    ) -> None:
        self.W, self.activation = weights["weight_hh_l0"], activation
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        count, steps = x.shape[:2]
        self.x, self.s = x, np.zeros((count, steps + 1, len(bias)))
        self.s[:, 0] = 0.0 if start is None else start
        self.u = np.zeros((count, steps, len(bias)))
        for t in range(steps):
            self.u[:, t] = x[:, t] @ weights["weight_ih_l0"].T + self.s[:, t] @ self.W.T + bias
            self.s[:, t + 1] = value(activation, self.u[:, t])

    @property
    def output(self) -> Array:
        return self.s[:, 1:]

    def back(self, above: Array) -> Back:
        """δ_{T+1} = 0, δ_t = φ′(u_t) ∘ (Vᵀ δ_o + Wᵀ δ_{t+1})."""
        delta, bar = np.zeros_like(self.s), np.zeros_like(self.u)
        for t in reversed(range(self.u.shape[1])):
            bar[:, t] = above[:, t] + delta[:, t + 1] @ self.W
            delta[:, t] = slope(self.activation, self.u[:, t]) * bar[:, t]
        return Back({"s": bar}, {"u": delta[:, :-1]})

    def gradients(self, back: Back) -> dict[str, Array]:
        """The terms of every step, (T, *shape): Σ over samples of δ_t x_tᵀ, δ_t s_{t−1}ᵀ, δ_t."""
        delta = back.deltas["u"]
        return {
            "weight_ih_l0": np.einsum("nti,ntj->tij", delta, self.x),
            "weight_hh_l0": np.einsum("nti,ntj->tij", delta, self.s[:, :-1]),
            "bias_ih_l0": delta.sum(0),
            "bias_hh_l0": delta.sum(0),
        }


class Jordan:
    """u_t = U x_t + W o_{t−1} + b, s_t = φ(u_t), o_t = g(V s_t + c)."""

    def __init__(self, weights: Weights, x: Array, activation: str = "tanh") -> None:
        U, self.W, b, self.V, c = (weights[name] for name in "UWbVc")
        self.activation = activation
        count, steps = x.shape[:2]
        self.x, self.o = x, np.zeros((count, steps + 1, len(c)))
        self.u, self.net = np.zeros((count, steps, len(b))), np.zeros((count, steps, len(c)))
        for t in range(steps):
            self.u[:, t] = x[:, t] @ U.T + self.o[:, t] @ self.W.T + b
            self.net[:, t] = value(activation, self.u[:, t]) @ self.V.T + c
            self.o[:, t + 1] = np.tanh(self.net[:, t])

    @property
    def output(self) -> Array:
        return self.o[:, 1:]

    def back(self, above: Array) -> Back:
        """δ_o = g′ ∘ (∂E/∂o_t + Wᵀ δ_{t+1}), δ_t = φ′(u_t) ∘ Vᵀ δ_o."""
        count, steps, units = self.u.shape
        delta, delta_o = np.zeros((count, steps + 1, units)), np.zeros_like(self.net)
        bar_s, bar_o = np.zeros_like(self.u), np.zeros_like(self.net)
        for t in reversed(range(steps)):
            bar_o[:, t] = above[:, t] + delta[:, t + 1] @ self.W
            delta_o[:, t] = slope("tanh", self.net[:, t]) * bar_o[:, t]
            bar_s[:, t] = delta_o[:, t] @ self.V
            delta[:, t] = slope(self.activation, self.u[:, t]) * bar_s[:, t]
        return Back({"s": bar_s, "o": bar_o}, {"u_s": delta[:, :-1], "u_o": delta_o})

    def gradients(self, back: Back) -> dict[str, Array]:
        delta, delta_o = back.deltas["u_s"], back.deltas["u_o"]
        s = value(self.activation, self.u)
        return {
            "U": np.einsum("nti,ntj->tij", delta, self.x),
            "W": np.einsum("nti,ntj->tij", delta, self.o[:, :-1]),
            "V": np.einsum("nti,ntj->tij", delta_o, s),
            "b": delta.sum(0),
            "c": delta_o.sum(0),
        }


class Lstm:
    """q = σ(W_q [x_t, h_{t−1}] + b_q), g = tanh(…); c_t = f ∘ c_{t−1} + i ∘ g; h_t = o ∘ tanh c_t."""

    def __init__(self, weights: Weights, x: Array, activation: str = "tanh") -> None:
        size = weights["weight_hh_l0"].shape[1]
        self.W = {
            q: weights["weight_hh_l0"][k * size : (k + 1) * size] for k, q in enumerate("ifgo")
        }
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        count, steps = x.shape[:2]
        self.x = x
        self.h: Array = np.zeros((count, steps + 1, size))
        self.c: Array = np.zeros((count, steps + 1, size))
        self.gate = {q: np.zeros((count, steps, size)) for q in "ifgo"}
        for t in range(steps):
            net = x[:, t] @ weights["weight_ih_l0"].T + self.h[:, t] @ weights["weight_hh_l0"].T
            for k, q in enumerate("ifgo"):
                own = (net + bias)[:, k * size : (k + 1) * size]
                self.gate[q][:, t] = np.tanh(own) if q == "g" else sigmoid(own)
            i, f, g, o = (self.gate[q][:, t] for q in "ifgo")
            self.c[:, t + 1] = f * self.c[:, t] + i * g
            self.h[:, t + 1] = o * np.tanh(self.c[:, t + 1])

    @property
    def output(self) -> Array:
        return self.h[:, 1:]

    def back(self, above: Array) -> Back:
        """h̄, c̄ and the four δ, from the last step to the first, as the chapter has them."""
        count, steps, size = above.shape
        later: Array
        delta = {q: np.zeros((count, steps + 1, size)) for q in "ifgo"}
        bar_h, bar_c = np.zeros((2, count, steps + 1, size))
        forget = np.zeros((count, steps + 1, size))
        forget[:, :-1] = self.gate["f"]
        for t in reversed(range(steps)):
            i, f, g, o = (self.gate[q][:, t] for q in "ifgo")
            later = np.sum([delta[q][:, t + 1] @ self.W[q] for q in "ifgo"], axis=0)
            bar_h[:, t] = above[:, t] + later
            tanh_c = np.tanh(self.c[:, t + 1])
            carried = bar_c[:, t + 1] * forget[:, t + 1]
            bar_c[:, t] = bar_h[:, t] * o * (1.0 - tanh_c**2) + carried
            delta["o"][:, t] = bar_h[:, t] * tanh_c * o * (1.0 - o)
            delta["f"][:, t] = bar_c[:, t] * self.c[:, t] * f * (1.0 - f)
            delta["i"][:, t] = bar_c[:, t] * g * i * (1.0 - i)
            delta["g"][:, t] = bar_c[:, t] * i * (1.0 - g**2)
        states = {"h": bar_h[:, :-1], "c": bar_c[:, :-1]}
        return Back(states, {f"u_{q}": delta[q][:, :-1] for q in "ifgo"})

    def gradients(self, back: Back) -> dict[str, Array]:
        every = np.concatenate([back.deltas[f"u_{q}"] for q in "ifgo"], axis=2)
        return {
            "weight_ih_l0": np.einsum("nti,ntj->tij", every, self.x),
            "weight_hh_l0": np.einsum("nti,ntj->tij", every, self.h[:, :-1]),
            "bias_ih_l0": every.sum(0),
            "bias_hh_l0": every.sum(0),
        }


Cell = Elman | Jordan | Lstm
CELLS: Mapping[str, type[Elman] | type[Jordan] | type[Lstm]] = {
    "rnn": Elman,
    "jordan": Jordan,
    "lstm": Lstm,
}

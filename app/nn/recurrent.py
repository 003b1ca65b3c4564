"""Elman's network, the LSTM and the GRU: PyTorch's kernels, and the textbook's step for each."""

# Shapes: N batch, T steps, F features, H hidden units, G gates.
from __future__ import annotations

import torch
from torch import nn

from app.nn.declared import look_only
from app.nn.net_input import summed
from app.nn.unrolled import Unrolled


class Rnn(Unrolled):
    """Elman's network: h_t = φ(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh)."""

    STATES = MEMORY = ("s",)
    MODE = "RNN_TANH"  # for the shapes of its weights; ``activation`` says which kernel runs

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        activation: str = "tanh",
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bidirectional=bidirectional, dropout=dropout
        )
        self.activation = activation

    def fused(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        state: tuple[torch.Tensor, ...],
        *,
        both: bool,
    ) -> tuple[torch.Tensor, ...]:
        if self.activation == "sigmoid":
            return self._unfused(x_NTF, weights, state, both=both)
        kernel = torch.rnn_relu if self.activation == "relu" else torch.rnn_tanh
        how = (True, len(weights) // (8 if both else 4), 0.0, self.training, both, True)
        return kernel(x_NTF, state[0], weights, *how)

    def _unfused(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        state: tuple[torch.Tensor, ...],
        *,
        both: bool,
    ) -> tuple[torch.Tensor, ...]:
        """PyTorch has no kernel for the sigmoid."""
        ends: list[torch.Tensor] = []
        ways = (1, -1) if both else (1,)
        for first in range(0, len(weights), 4 * len(ways)):
            made = []
            for k, way in enumerate(ways):
                own = weights[first + 4 * k : first + 4 * k + 4]
                walk = self.walk(x_NTF, own, way, (state[0][len(ends)],))
                made.append(torch.stack([s[0] for s in walk], 1))
                ends.append(walk[-1 if way == 1 else 0][0])
            x_NTF = torch.cat(made, 2)
        return x_NTF, torch.stack(ends)

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        u_NG = u_NG + nn.functional.linear(state[0], weights[1], weights[3])
        return (getattr(torch, self.activation)(u_NG),)

    @look_only
    def unit_over_time(
        self, unit: int, h_NTH: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Ux, Ws, b, their sum u, and s."""
        below_NTF, last = self.below(x_NTF, *others), self.num_layers - 1
        back, row = divmod(unit, self.hidden_size)
        w_ih, w_hh, b_ih, b_hh = (w[row] for w in self.of_layer(last)[4 * back :][:4])
        first = back * self.hidden_size
        own = h_NTH[:, :, first : first + self.hidden_size]
        return summed(below_NTF, own, row, (w_ih, w_hh, b_ih + b_hh), back=bool(back))


class Lstm(Unrolled):
    """Long short-term memory with PyTorch's order of gates: i, f, g, o."""

    MODE = "LSTM"
    STATES = ("h", "c", "i", "f", "g", "o")
    MEMORY = ("h", "c")

    def fused(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        state: tuple[torch.Tensor, ...],
        *,
        both: bool,
    ) -> tuple[torch.Tensor, ...]:
        how = (True, len(weights) // (8 if both else 4), 0.0, self.training, both, True)
        return torch.lstm(x_NTF, list(state), weights, *how)

    def start(self, x_NTF: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """h and c."""
        (h_NH,) = super().start(x_NTF)
        return h_NH, torch.zeros_like(h_NH)

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        h_NH, c_NH = state[:2]
        size = self.hidden_size
        u_NG = u_NG + nn.functional.linear(h_NH, weights[1], weights[3])
        i, f = u_NG[:, :size].sigmoid(), u_NG[:, size : 2 * size].sigmoid()
        g, o = u_NG[:, 2 * size : 3 * size].tanh(), u_NG[:, 3 * size :].sigmoid()
        c_NH = f * c_NH + i * g
        return o * c_NH.tanh(), c_NH, i, f, g, o

    @look_only
    def at_once(self, u_NTG: torch.Tensor, v_NTG: torch.Tensor) -> dict[str, torch.Tensor]:
        i, f, g, o = (u_NTG + v_NTG).chunk(4, 2)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        written, cell, cells = (i * g).unbind(1), torch.zeros_like(i[:, 0]), []
        for new, kept in zip(written, f.unbind(1), strict=True):
            cell = torch.addcmul(new, kept, cell)
            cells.append(cell)
        return {"i": i, "f": f, "g": g, "o": o, "c": torch.stack(cells, 1)}

    @look_only
    def gate_of(self, row: int) -> str:
        return "ifgo"[row // self.hidden_size]


class Gru(Unrolled):
    """Gated recurrent unit in PyTorch's form, gates r, z, n: r acts behind W_hn."""

    MODE = "GRU"
    STATES = ("h", "r", "z", "n")

    def fused(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        state: tuple[torch.Tensor, ...],
        *,
        both: bool,
    ) -> tuple[torch.Tensor, ...]:
        how = (True, len(weights) // (8 if both else 4), 0.0, self.training, both, True)
        return torch.gru(x_NTF, state[0], weights, *how)

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        h_NH = state[0]
        size = self.hidden_size
        v_NG = nn.functional.linear(h_NH, weights[1], weights[3])
        r = (u_NG[:, :size] + v_NG[:, :size]).sigmoid()
        z = (u_NG[:, size : 2 * size] + v_NG[:, size : 2 * size]).sigmoid()
        n = (u_NG[:, 2 * size :] + r * v_NG[:, 2 * size :]).tanh()
        return (1.0 - z) * n + z * h_NH, r, z, n

    @look_only
    def at_once(self, u_NTG: torch.Tensor, v_NTG: torch.Tensor) -> dict[str, torch.Tensor]:
        (ur, uz, un), (vr, vz, vn) = u_NTG.chunk(3, 2), v_NTG.chunk(3, 2)
        r = (ur + vr).sigmoid()
        return {"r": r, "z": (uz + vz).sigmoid(), "n": (un + r * vn).tanh()}

    @look_only
    def gate_of(self, row: int) -> str:
        return "rzn"[row // self.hidden_size]

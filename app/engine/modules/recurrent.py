"""What the recurrent modules share: (N, T, F) → (N, T, H × directions), layer upon layer.

Every one has a form that is written step by step as the textbook has it, ``stepwise``; where
PyTorch has a fused kernel, ``forward`` uses that on the same weights.
"""

# Shapes: N batch, T steps, F features, H hidden units, G gates.
from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import nn

from app.engine.modules.dropout import SeededDropout


class Unrolled(nn.RNNBase):
    """Base of Elman, LSTM and GRU: PyTorch's parameters, and the loop over layers and time.

    ``dropout`` acts between the layers while training, with draws of its own.
    """

    MODE: ClassVar[str]
    """PyTorch's name of the kind."""
    STATES: ClassVar[tuple[str, ...]] = ("h",)
    """Names of what a state holds, its output first."""
    MEMORY: ClassVar[tuple[str, ...]] = ("h",)
    """Those of them that the next step takes."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            self.MODE,
            input_size,
            hidden_size,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
        )
        self.dropout = dropout
        self.between = SeededDropout(dropout)
        if dropout:
            self.reseed = self.between.reseed

    def of_layer(self, layer: int) -> list[torch.Tensor]:
        """W_ih, W_hh, b_ih, b_hh of a layer, then the same of its backward direction."""
        each = 4 * (2 if self.bidirectional else 1)
        names = self._flat_weights_names[layer * each : (layer + 1) * each]
        return [getattr(self, name) for name in names]

    def fused(self, x_NTF: torch.Tensor, weights: list[torch.Tensor], layers: int) -> torch.Tensor:
        """PyTorch's kernel over so many layers, from a state of zeros."""
        raise NotImplementedError

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        """The next state, its output first, from W_ih x + b_ih and the state before."""
        raise NotImplementedError

    def start(self, x_NTF: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The state before the first step."""
        return (x_NTF.new_zeros(x_NTF.shape[0], self.hidden_size),)

    def forward(self, x_NTF: torch.Tensor) -> torch.Tensor:
        layers = range(self.num_layers)
        if not (self.training and self.dropout):
            return self.fused(x_NTF, [w for k in layers for w in self.of_layer(k)], len(layers))
        for layer in layers:
            x_NTF = self.between(x_NTF) if layer else x_NTF
            x_NTF = self.fused(x_NTF, self.of_layer(layer), 1)
        return x_NTF

    def stepwise(self, x_NTF: torch.Tensor) -> torch.Tensor:
        """The same by elementary operations, one step of time after another."""
        for layer in range(self.num_layers):
            x_NTF = self.between(x_NTF) if layer else x_NTF
            made = [torch.stack([s[0] for s in walk], 1) for walk in self.walks(x_NTF, layer)]
            x_NTF = torch.cat(made, 2) if self.bidirectional else made[0]
        return x_NTF

    def walks(self, x_NTF: torch.Tensor, layer: int) -> Iterator[list[tuple[torch.Tensor, ...]]]:
        """The states of a layer in each of its directions."""
        weights = self.of_layer(layer)
        yield self.walk(x_NTF, weights[:4], 1)
        if self.bidirectional:
            yield self.walk(x_NTF, weights[4:], -1)

    def walk(
        self, x_NTF: torch.Tensor, weights: list[torch.Tensor], way: int
    ) -> list[tuple[torch.Tensor, ...]]:
        """The states of one layer in time's order, read forwards (1) or backwards (−1)."""
        u_NTG = nn.functional.linear(x_NTF, weights[0], weights[2])
        state, states = self.start(x_NTF), []
        for t in list(range(x_NTF.shape[1]))[::way]:
            state = self.step(u_NTG[:, t], state, weights)
            states.append(state)
        return states[::way]

    def gates(self, x_NTF: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the last layer's states hold beside their output, (N, T, H × directions) by name."""
        last = self.num_layers - 1
        if last:
            below = [w for k in range(last) for w in self.of_layer(k)]
            x_NTF = self.fused(x_NTF, below, last)
        walks = list(self.walks(x_NTF, last))
        return {
            name: torch.cat([torch.stack([s[k] for s in walk], 1) for walk in walks], 2)
            for k, name in enumerate(self.STATES)
            if k
        }


def zeros(module: nn.RNNBase, x_NTF: torch.Tensor, layers: int) -> torch.Tensor:
    """A state of zeros as PyTorch's kernels take it, (layers × directions, N, H)."""
    many = layers * (2 if module.bidirectional else 1)
    return x_NTF.new_zeros(many, x_NTF.shape[0], module.hidden_size)


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

    def forward(self, x_NTF: torch.Tensor) -> torch.Tensor:
        # PyTorch has no kernel for the sigmoid.
        return self.stepwise(x_NTF) if self.activation == "sigmoid" else super().forward(x_NTF)

    def fused(self, x_NTF: torch.Tensor, weights: list[torch.Tensor], layers: int) -> torch.Tensor:
        kernel = torch.rnn_relu if self.activation == "relu" else torch.rnn_tanh
        h0 = zeros(self, x_NTF, layers)
        how = (True, layers, 0.0, self.training, self.bidirectional, True)
        return kernel(x_NTF, h0, weights, *how)[0]

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        u_NG = u_NG + nn.functional.linear(state[0], weights[1], weights[3])
        return (getattr(torch, self.activation)(u_NG),)


class Lstm(Unrolled):
    """Long short-term memory with PyTorch's order of gates: i, f, g, o."""

    MODE = "LSTM"
    STATES = ("h", "c", "i", "f", "g", "o")
    MEMORY = ("h", "c")

    def fused(self, x_NTF: torch.Tensor, weights: list[torch.Tensor], layers: int) -> torch.Tensor:
        start = [zeros(self, x_NTF, layers), zeros(self, x_NTF, layers)]
        how = (True, layers, 0.0, self.training, self.bidirectional, True)
        return torch.lstm(x_NTF, start, weights, *how)[0]

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


class Gru(Unrolled):
    """Gated recurrent unit in PyTorch's form, gates r, z, n: r acts behind W_hn."""

    MODE = "GRU"
    STATES = ("h", "r", "z", "n")

    def fused(self, x_NTF: torch.Tensor, weights: list[torch.Tensor], layers: int) -> torch.Tensor:
        h0 = zeros(self, x_NTF, layers)
        how = (True, layers, 0.0, self.training, self.bidirectional, True)
        return torch.gru(x_NTF, h0, weights, *how)[0]

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

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

from app.nn.dropout import SeededDropout
from app.nn.masks import reversed_within, silent_tail, unheard


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
    silent: torch.Tensor | None = None
    """Outputs (H × directions) that are to be silenced: for the next step they are 0, too."""

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

    def silent_in(self, layer: int) -> list[torch.Tensor | None]:
        """The silent units (H) of each direction of a layer; only those of the last are outputs."""
        if self.silent is None or layer < self.num_layers - 1:
            return [None] * (2 if self.bidirectional else 1)
        return list(torch.split(self.silent, self.hidden_size))

    def heard(self, layer: int) -> list[torch.Tensor]:
        """The weights of a layer for PyTorch's kernels, which silence no unit on the way: what
        nobody multiplies, nobody hears."""
        weights = self.of_layer(layer)
        for k, silent in enumerate(self.silent_in(layer)):
            if silent is not None:
                weights[4 * k + 1] = weights[4 * k + 1].masked_fill(silent, 0.0)
        return weights

    def fused(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        state: tuple[torch.Tensor, ...],
        *,
        both: bool,
    ) -> tuple[torch.Tensor, ...]:
        """PyTorch's kernel over as many layers as there are weights, one way or ``both``: the
        output, then the state (layers × directions, N, H) after the last step."""
        raise NotImplementedError

    def step(
        self, u_NG: torch.Tensor, state: tuple[torch.Tensor, ...], weights: list[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        """The next state, its output first, from W_ih x + b_ih and the state before."""
        raise NotImplementedError

    def start(self, x_NTF: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The state before the first step."""
        return (x_NTF.new_zeros(x_NTF.shape[0], self.hidden_size),)

    def forward(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *state: torch.Tensor
    ) -> torch.Tensor:
        """``state`` is that before the first step; zeros without it."""
        if lengths is not None and self.bidirectional:
            return self._apart(x_NTF, lengths)
        return silent_tail(self.resume(x_NTF, state or self.rest(x_NTF))[0], lengths)

    def rest(self, x_NTF: torch.Tensor, layers: int | None = None) -> tuple[torch.Tensor, ...]:
        """A state of zeros as PyTorch's kernels take it, (layers × directions, N, H)."""
        many = self.num_layers * (2 if self.bidirectional else 1) if layers is None else layers
        zeros = x_NTF.new_zeros(many, x_NTF.shape[0], self.hidden_size)
        return (zeros,) * len(self.MEMORY)

    def resume(
        self, x_NTF: torch.Tensor, state: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """The output from a state before the first step on, and the state after the last."""
        layers, both = range(self.num_layers), self.bidirectional
        if not (self.training and self.dropout):
            weights = [w for k in layers for w in self.heard(k)]
            x_NTF, *end = self.fused(x_NTF, weights, state, both=both)
            return x_NTF, self._kept(tuple(end))
        ends = []
        for k, own in enumerate(zip(*(s.chunk(len(layers)) for s in state), strict=True)):
            x_NTF = self.between(x_NTF) if k else x_NTF
            x_NTF, *end = self.fused(x_NTF, self.heard(k), own, both=both)
            ends.append(end)
        return x_NTF, self._kept(tuple(torch.cat(parts) for parts in zip(*ends, strict=True)))

    def _kept(self, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """A state (layers × directions, N, H) as the steps that come next see it."""
        if self.silent is None:
            return state
        silent = [s for k in range(self.num_layers) for s in self.silent_in(k)]
        h_NH = [unheard((h,), s)[0] for h, s in zip(state[0], silent, strict=True)]
        return torch.stack(h_NH), *state[1:]

    def _apart(self, x_NTF: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Both directions by themselves: the way back begins where each sequence ends."""
        for layer in range(self.num_layers):
            x_NTF = self.between(x_NTF) if layer else x_NTF
            weights, start = self.heard(layer), self.rest(x_NTF, 1)
            ahead = self.fused(x_NTF, weights[:4], start, both=False)[0]
            turned = reversed_within(x_NTF, lengths)
            back = self.fused(turned, weights[4:], start, both=False)[0]
            x_NTF = torch.cat([ahead, reversed_within(back, lengths)], 2)
            x_NTF = silent_tail(x_NTF, lengths)
        return x_NTF

    def stepwise(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *state: torch.Tensor
    ) -> torch.Tensor:
        """The same by elementary operations, one step of time after another."""
        return self._climbed(x_NTF, self.num_layers, lengths, *state)

    def _climbed(
        self, x_NTF: torch.Tensor, layers: int, lengths: torch.Tensor | None, *state: torch.Tensor
    ) -> torch.Tensor:
        """The output of the first ``layers`` layers, step by step; the input itself for none."""
        for layer in range(layers):
            x_NTF = self.between(x_NTF) if layer else x_NTF
            start = tuple(s[layer] for s in state) or None
            walks = self.walks(x_NTF, layer, lengths, start)
            made = [torch.stack([s[0] for s in walk], 1) for walk in walks]
            x_NTF = torch.cat(made, 2) if self.bidirectional else made[0]
            x_NTF = silent_tail(x_NTF, lengths)
        return x_NTF

    def walks(
        self,
        x_NTF: torch.Tensor,
        layer: int,
        lengths: torch.Tensor | None = None,
        start: tuple[torch.Tensor, ...] | None = None,
    ) -> Iterator[list[tuple[torch.Tensor, ...]]]:
        """The states of a layer in each of its directions; ``start`` is that before the first step,
        of a layer that reads forwards only."""
        weights, (silent, *other) = self.of_layer(layer), self.silent_in(layer)
        yield self.walk(x_NTF, weights[:4], 1, start, silent)
        if not self.bidirectional:
            return
        if lengths is None:
            yield self.walk(x_NTF, weights[4:], -1, None, *other)
            return
        turned = self.walk(reversed_within(x_NTF, lengths), weights[4:], 1, None, *other)
        parts = (torch.stack(part, 1) for part in zip(*turned, strict=True))
        yield list(zip(*(reversed_within(p, lengths).unbind(1) for p in parts), strict=True))

    def walk(
        self,
        x_NTF: torch.Tensor,
        weights: list[torch.Tensor],
        way: int,
        start: tuple[torch.Tensor, ...] | None = None,
        silent: torch.Tensor | None = None,
    ) -> list[tuple[torch.Tensor, ...]]:
        """The states of one layer in time's order, read forwards (1) or backwards (−1); its
        ``silent`` units (H) are 0 from step to step."""
        u_NTG = nn.functional.linear(x_NTF, weights[0], weights[2])
        state = unheard(self.start(x_NTF) if start is None else start, silent)
        states = []
        for t in list(range(x_NTF.shape[1]))[::way]:
            state = unheard(self.step(u_NTG[:, t], state, weights), silent)
            states.append(state)
        return states[::way]

    def gates(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """What the last layer's states hold beside their output, (N, T, H × directions) by name."""
        walks = list(self.walks(self.below(x_NTF, lengths), self.num_layers - 1, lengths))
        found = {}
        for k, name in enumerate(self.STATES[1:], start=1):
            made = torch.cat([torch.stack([s[k] for s in walk], 1) for walk in walks], 2)
            found[name] = silent_tail(made, lengths)
        return found

    def below(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """What the last layer reads, in evaluation mode."""
        last, both = self.num_layers - 1, self.bidirectional
        if lengths is not None or last == 0:
            return self._climbed(x_NTF, last, lengths)
        weights = [w for k in range(last) for w in self.of_layer(k)]
        start = self.rest(x_NTF, last * (2 if both else 1))
        return self.fused(x_NTF, weights, start, both=both)[0]


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

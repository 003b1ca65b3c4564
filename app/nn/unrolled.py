"""What the recurrent modules share: (N, T, F) → (N, T, H × directions), layer upon layer.

Every one has a form that is written step by step as the textbook has it, ``stepwise``; where
PyTorch has a fused kernel, ``forward`` uses that on the same weights.
"""

# Shapes: N batch, T steps, F features, H hidden units, G gates.
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import torch
from torch import nn

from app.nn.declared import InTime, look_only
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

    @look_only
    def gates_beside(
        self, h_NTH: torch.Tensor, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """:meth:`gates` where the output h (N, T, H × directions) is known: all steps at once where
        the kind says how, else by a walk.

        With every h_{t−1} known from the kernel, the net inputs of all steps are one product; only
        the cell is a recursion. A watched sample so costs a fifth of a walk through time.
        """
        if lengths is not None or self.num_layers > 1:
            return self.gates(x_NTF, lengths)
        made: list[dict[str, torch.Tensor]] = []
        weights = self.of_layer(0)
        for k, own_h in enumerate(torch.split(h_NTH, self.hidden_size, 2)):
            own = weights[4 * k : 4 * k + 4]
            # The backward direction in its own order.
            x, h = (x_NTF.flip(1), own_h.flip(1)) if k else (x_NTF, own_h)
            before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
            linear = nn.functional.linear
            inner = self.at_once(linear(x, own[0], own[2]), linear(before, own[1], own[3]))
            if inner is None:
                return self.gates(x_NTF)
            made.append({name: value.flip(1) if k else value for name, value in inner.items()})
        return {name: torch.cat([one[name] for one in made], 2) for name in made[0]}

    @look_only
    def at_once(self, u_NTG: torch.Tensor, v_NTG: torch.Tensor) -> dict[str, torch.Tensor] | None:
        """Gates of all steps from W_ih x + b_ih and W_hh h_{t−1} + b_hh; None where only the walk
        knows them."""
        return None

    @look_only
    def units(self, h_NTH: torch.Tensor) -> int:
        """As many as the output has."""
        return h_NTH.shape[2]

    @look_only
    def unit_over_time(
        self, unit: int, h_NTH: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """LSTM: i, f, g, o, c, h; GRU: r, z, n, h."""
        inner = self.gates(x_NTF, *others)
        return {name: v[0, :, unit] for name, v in inner.items()} | {"h": h_NTH[0, :, unit]}

    @look_only
    def gate_of(self, row: int) -> str | None:
        """The gate that a row of a parameter belongs to; None where there are none."""
        return None

    @look_only
    def stack_of(self, tensor: str) -> tuple[int, bool]:
        """(layer within the stack, whether it reads backwards) that a parameter's name tells."""
        reverse = tensor.endswith("_reverse")
        return int(tensor.removesuffix("_reverse").rpartition("_l")[2]), reverse

    @look_only
    def forward_order(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *state: torch.Tensor
    ) -> Iterator[InTime]:
        """Every gate and state in the order in which the textbook computes them."""
        order = self._order()
        for stack in range(self.num_layers):
            x_NTF = self.between(x_NTF) if stack else x_NTF
            made = []
            start = tuple(one[stack] for one in state) or None
            for reverse, states in enumerate(self.walks(x_NTF, stack, lengths, start)):
                times = range(len(states))
                for time in reversed(times) if reverse else times:
                    for gate, k in order:
                        yield InTime(states[time][k], gate, k, time, stack, bool(reverse))
                made.append(torch.stack([one[0] for one in states], 1))
            x_NTF = silent_tail(torch.cat(made, 2), lengths)

    @look_only
    def _order(self) -> list[tuple[str, int]]:
        """Names with their places in a state: gates, then the cell they make, then the output."""
        names = [(name, k) for k, name in enumerate(self.STATES[1:], start=1)]
        gates = [one for one in names if one[0] != "c"]
        cell = [one for one in names if one[0] == "c"]
        return [*gates, *cell, ("h" if gates else "s", 0)]

    @look_only
    def backward_order(
        self, upstream: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> Iterator[InTime]:
        """∂E/∂(every gate and state) for the sensitivity ``upstream`` of the output, the last layer
        and in it the last computed first."""
        with torch.enable_grad():
            parts = list(self.forward_order(x_NTF.detach().requires_grad_(), *others))
            layers: dict[tuple[int, bool], list[InTime]] = {}
            for part in parts:
                if part.place == 0:
                    layers.setdefault((part.stack, part.reverse), []).append(part)
            made = []
            for reverse in (False, True):
                states = layers.get((self.num_layers - 1, reverse), [])
                if states:
                    states = sorted(states, key=lambda part: part.time)
                    made.append(torch.stack([one.value for one in states], 1))
            output = silent_tail(torch.cat(made, 2), others[0] if others else None)
            values = [part.value for part in parts]
            gradients = torch.autograd.grad(output, values, upstream, allow_unused=True)
        for part, gradient in reversed(list(zip(parts, gradients, strict=True))):
            if gradient is not None:
                yield replace(part, value=gradient)

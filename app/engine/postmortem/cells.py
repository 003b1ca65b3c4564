"""A recurrent layer taken apart at the step that broke it: gate by gate, one time step after another."""

# Shapes: N batch, T steps, F features, H hidden units.
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from app.nn.masks import silent_tail
from app.nn.recurrent import Unrolled


@dataclass(frozen=True)
class Part:
    """One gate or state (N, H) of a layer within a stack, in one direction, at one time step."""

    value: torch.Tensor
    gate: str
    place: int
    """In the module's state: 0 is what it gives."""
    time: int
    stack: int
    reverse: bool


def forward_order(
    module: Unrolled,
    x_NTF: torch.Tensor,
    lengths: torch.Tensor | None = None,
    *state: torch.Tensor,
) -> Iterator[Part]:
    """Every gate and state in the order in which the textbook computes them; the arguments are those
    of the module."""
    order = _order(module)
    for stack in range(module.num_layers):
        x_NTF = module.between(x_NTF) if stack else x_NTF
        made = []
        start = tuple(one[stack] for one in state) or None
        for reverse, states in enumerate(module.walks(x_NTF, stack, lengths, start)):
            times = range(len(states))
            for time in reversed(times) if reverse else times:
                for gate, k in order:
                    yield Part(states[time][k], gate, k, time, stack, bool(reverse))
            made.append(torch.stack([state[0] for state in states], 1))
        x_NTF = silent_tail(torch.cat(made, 2), lengths)


def _order(module: Unrolled) -> list[tuple[str, int]]:
    """Names with their places in a state: gates, then the cell they make, then the output."""
    names = [(name, k) for k, name in enumerate(module.STATES[1:], start=1)]
    gates = [one for one in names if one[0] != "c"]
    cell = [one for one in names if one[0] == "c"]
    return [*gates, *cell, ("h" if gates else "s", 0)]


def backward_order(
    module: Unrolled, given: Sequence[torch.Tensor], upstream: torch.Tensor
) -> Iterator[Part]:
    """For the module's arguments ``given``: ∂E/∂(every gate and state) for the sensitivity ``upstream`` of the output, the last layer and
    in it the last computed first."""
    with torch.enable_grad():
        x_NTF, *others = given
        parts = list(forward_order(module, x_NTF.detach().requires_grad_(), *others))
        layers: dict[tuple[int, bool], list[Part]] = {}
        for part in parts:
            if part.place == 0:
                layers.setdefault((part.stack, part.reverse), []).append(part)
        last = module.num_layers - 1
        made = []
        for reverse in (False, True):
            states = sorted(layers.get((last, reverse), []), key=lambda part: part.time)
            if states:
                made.append(torch.stack([state.value for state in states], 1))
        output = silent_tail(torch.cat(made, 2), others[0] if others else None)
        found = torch.autograd.grad(
            output, [part.value for part in parts], upstream, allow_unused=True
        )
    for part, gradient in reversed(list(zip(parts, found, strict=True))):
        if gradient is not None:
            yield replace(part, value=gradient)


def gate_of(module: nn.Module, row: int) -> str | None:
    """The gate that a row of PyTorch's recurrent parameter belongs to; None where there are none."""
    if not isinstance(module, Unrolled) or module.MODE not in _GATES:
        return None
    return _GATES[module.MODE][row // module.hidden_size]


_GATES = {"LSTM": "ifgo", "GRU": "rzn"}
"""In the order of the rows."""


def stack_of(module: nn.Module, tensor: str) -> tuple[int | None, bool | None]:
    """(layer within the stack, direction) that a recurrent parameter's name tells."""
    if not isinstance(module, Unrolled):
        return None, None
    reverse = tensor.endswith("_reverse")
    return int(tensor.removesuffix("_reverse").rpartition("_l")[2]), reverse

"""Sequences of different lengths in one batch: what comes behind the end of one has no effect.

By moving cells alone, so that it can be traced, exported and differentiated like all else.
"""

# Shapes: N batch, T steps, F features.
from __future__ import annotations

import torch


def lengths_of(x_NT: torch.Tensor) -> torch.Tensor:
    """Steps of every sequence of token ids up to its last token (N,), at least 1: id 0 is none."""
    steps = torch.arange(1, x_NT.shape[1] + 1, device=x_NT.device)
    return ((x_NT != 0) * steps).amax(1).clamp(min=1)


def silent_tail(x_NTF: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    """0 behind the end of every sequence."""
    if lengths is None:
        return x_NTF
    steps = torch.arange(x_NTF.shape[1], device=x_NTF.device)
    return x_NTF.masked_fill((steps >= lengths[:, None])[:, :, None], 0.0)


def unheard(
    state: tuple[torch.Tensor, ...], silent: torch.Tensor | None
) -> tuple[torch.Tensor, ...]:
    """A state (its output (…, H) first) whose silent units (H) the next step sees as 0."""
    return state if silent is None else (state[0].masked_fill(silent, 0.0), *state[1:])


def reversed_within(x_NTF: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Every sequence from its last step to its first; what is behind its end stays there."""
    steps = torch.arange(x_NTF.shape[1], device=x_NTF.device)
    place = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return x_NTF.gather(1, place[:, :, None].expand_as(x_NTF))


def last_steps(x_NTF: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """(N, F): the last step of every sequence."""
    place = (lengths - 1)[:, None, None].expand(-1, 1, x_NTF.shape[2])
    return x_NTF.gather(1, place).squeeze(1)


def first_repeated(x_NTF: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The first step again behind the end of every sequence: no maximum changes by that."""
    steps = torch.arange(x_NTF.shape[1], device=x_NTF.device)
    place = torch.where(steps < lengths[:, None], steps, 0)
    return x_NTF.gather(1, place[:, :, None].expand_as(x_NTF))

"""A loss of single answers, for sequences that have one at every step."""

# Shapes: N batch, T steps, K classes.
from __future__ import annotations

from collections.abc import Callable

import torch


class PerStep:
    """The loss of the counted steps: outputs (N, T, K), classes (N, T), −1 where none counts."""

    def __init__(self, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        self.loss = loss

    def __call__(self, output_NTK: torch.Tensor, targets_NT: torch.Tensor) -> torch.Tensor:
        rows, targets = output_NTK.flatten(0, 1), targets_NT.flatten()
        counted = (targets >= 0).nonzero().squeeze(1)
        if len(counted) < len(targets):
            rows, targets = rows.index_select(0, counted), targets.index_select(0, counted)
        return self.loss(rows, targets)

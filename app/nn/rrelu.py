"""Randomised leaky ReLU with draws that belong to a step and a node."""

from __future__ import annotations

import torch

from app.nn.seeded import Seeded


class RandomizedRelu(Seeded):
    """max(0, u) + a·min(0, u); a ~ U(lower, upper) per value in training, their mean in evaluation."""

    def __init__(self, lower: float, upper: float) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low, high = min(self.lower, self.upper), max(self.lower, self.upper)
        if not self.training:
            return torch.where(x > 0, x, x * ((low + high) / 2))
        slope = torch.empty(tuple(x.shape), dtype=x.dtype, device=x.device)
        slope.uniform_(low, high, generator=self.generator(x.device))
        return torch.where(x > 0, x, x * slope)

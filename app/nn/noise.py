"""Additive Gaussian noise with draws that belong to a step and a node."""

from __future__ import annotations

import torch

from app.nn.seeded import Seeded


class GaussianNoise(Seeded):
    """x + N(0, ``std``²) in training mode, x in evaluation mode."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.std == 0.0:
            return x
        noise = torch.empty(tuple(x.shape), dtype=x.dtype, device=x.device)
        return x + noise.normal_(0.0, self.std, generator=self.generator(x.device))

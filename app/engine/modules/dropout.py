"""Dropout whose draws come from its own generator, so that they belong to a step and a node."""

from __future__ import annotations

import torch
from torch import nn


class SeededDropout(nn.Module):
    """Zeroes values with probability ``rate`` in training mode and scales the rest by 1/(1−rate).

    The mask is drawn in the order of the logical cells, whatever the memory format.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self._generator: torch.Generator | None = None
        self._seed = 0

    def reseed(self, seed: int) -> None:
        """All draws until the next call follow from ``seed``."""
        self._seed = seed
        if self._generator is not None:
            self._generator.manual_seed(seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0.0:
            return x
        generator = self._generator
        if generator is None or generator.device != x.device:
            generator = self._generator = torch.Generator(x.device)
            generator.manual_seed(self._seed)
        mask = torch.empty(x.shape, dtype=x.dtype, device=x.device)
        mask.bernoulli_(1.0 - self.rate, generator=generator).div_(1.0 - self.rate)
        return x * mask

    def extra_repr(self) -> str:
        return f"rate={self.rate}"

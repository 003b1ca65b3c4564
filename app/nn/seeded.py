"""Modules that draw random numbers: from a generator of their own, seeded step by step."""

from __future__ import annotations

import torch
from torch import nn


class Seeded(nn.Module):
    """Base of every module that draws; :meth:`reseed` is called before each training step."""

    def __init__(self) -> None:
        super().__init__()
        self._generator: torch.Generator | None = None
        self._seed = 0

    def reseed(self, seed: int) -> None:
        """All draws until the next call follow from ``seed``."""
        self._seed = seed
        if self._generator is not None:
            self._generator.manual_seed(seed)

    def generator(self, device: torch.device) -> torch.Generator:
        """The generator for tensors on ``device``."""
        if self._generator is None or self._generator.device != device:
            self._generator = torch.Generator(device)
            self._generator.manual_seed(self._seed)
        return self._generator

    def keep(
        self, shape: torch.Size | tuple[int, ...], rate: float, like: torch.Tensor
    ) -> torch.Tensor:
        """A mask of 0 with probability ``rate`` and of 1/(1−rate) elsewhere."""
        mask = torch.empty(shape, dtype=like.dtype, device=like.device)
        return mask.bernoulli_(1.0 - rate, generator=self.generator(like.device)).div_(1.0 - rate)

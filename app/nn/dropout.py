"""Dropout of values and of whole maps, with draws that belong to a step and a node."""

from __future__ import annotations

import torch

from app.nn.declared import look_only
from app.nn.seeded import Seeded


class SeededDropout(Seeded):
    """Zeroes values with probability ``rate`` in training mode and scales the rest by 1/(1−rate).

    The mask is drawn in the order of the logical cells, whatever the memory format.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0.0:
            return x
        return x * self.keep(self.mask_shape(x), self.rate, x)

    def mask_shape(self, x: torch.Tensor) -> tuple[int, ...]:
        """One draw a value."""
        return tuple(x.shape)

    @look_only
    def inside(self, x: torch.Tensor, delta: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """The mask: 0 where a value is silenced, 1/(1−p) where it is kept."""
        return {"mask": self.keep(self.mask_shape(x), self.rate, x).expand_as(x)}

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class ChannelDropout(SeededDropout):
    """Zeroes whole maps: one draw a sample and channel."""

    def mask_shape(self, x: torch.Tensor) -> tuple[int, ...]:
        return (*x.shape[:2], *(1 for _ in x.shape[2:]))

"""Sub-sampling with a trainable weight and bias per map."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from app.nn.declared import look_only


class Subsample(nn.Module):
    """``weight``·down(x) + ``bias``, both (C,); x (N, C, H, W) and blocks of ``size`` × ``size``,
    or x (N, C, L) and stretches of ``size``: ``sides`` are 2 or 1."""

    def __init__(self, maps: int, size: int, mode: str, sides: int = 2) -> None:
        super().__init__()
        self.maps, self.size, self.mode, self.sides = maps, size, mode, sides
        self.factor = 1.0 if mode == "mean" else float(size**sides)
        self.weight = nn.Parameter(torch.ones(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.sides == 1:
            down = functional.avg_pool1d(x, self.size) * self.factor
            return down * self.weight[:, None] + self.bias[:, None]
        down = functional.avg_pool2d(x, self.size) * self.factor
        return down * self.weight[:, None, None] + self.bias[:, None, None]

    @look_only
    def inside(self, x: torch.Tensor, delta: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """down(x), and δ ∘ down(x), whose sum over cells and samples is ∂E/∂β."""
        pooled = functional.avg_pool1d if self.sides == 1 else functional.avg_pool2d
        down = pooled(x, self.size) * self.factor
        return {"down": down} if delta is None else {"down": down, "weight_terms": delta * down}

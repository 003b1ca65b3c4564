"""Sub-sampling with a trainable weight and bias per map."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Subsample(nn.Module):
    """``weight``·down(x) + ``bias``, both (C,); x (N, C, H, W), blocks of ``size`` × ``size``."""

    def __init__(self, maps: int, size: int, mode: str) -> None:
        super().__init__()
        self.maps, self.size, self.mode = maps, size, mode
        self.factor = 1.0 if mode == "mean" else float(size * size)
        self.weight = nn.Parameter(torch.ones(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        down = functional.avg_pool2d(x_NCHW, self.size) * self.factor
        return down * self.weight[:, None, None] + self.bias[:, None, None]

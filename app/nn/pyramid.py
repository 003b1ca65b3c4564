"""Spatial pyramid pooling from slices and maxima: deterministic everywhere, and it exports."""

from __future__ import annotations

import torch
from torch import nn


class PyramidPool(nn.Module):
    """(N, C, H, W) → (N, C·Σ4ˡ), level by level, each level channel by channel.

    Bins are those of adaptive pooling: from ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉. Of equal largest cells of a bin the
    first in reading order is the winner, and the error is its alone.
    """

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        parts = []
        for level in range(self.levels):
            bins = [
                self._bin(x_NCHW, 2**level, i, j) for i in range(2**level) for j in range(2**level)
            ]
            parts.append(torch.stack(bins, dim=2).flatten(1))
        return torch.cat(parts, dim=1)

    @staticmethod
    def _bin(x_NCHW: torch.Tensor, n: int, i: int, j: int) -> torch.Tensor:
        height, width = x_NCHW.shape[2:]
        rows = slice(i * height // n, -(-(i + 1) * height // n))
        columns = slice(j * width // n, -(-(j + 1) * width // n))
        return x_NCHW[:, :, rows, columns].flatten(2).max(2).values

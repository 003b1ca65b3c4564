"""Convolution whose output maps see only some of the input maps."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class TableConv2d(nn.Module):
    """(N, C, H, W) → (N, maps, H′, W′) as torch.nn.Conv2d; ``table[j]`` lists the inputs of map j.

    ``weight`` holds one kernel per connection, map by map; it is laid out into a full weight with
    zeros, so that the ordinary convolution does the work.
    """

    def __init__(
        self,
        channels: int,
        table: tuple[tuple[int, ...], ...],
        kernel: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.table, self.kernel = channels, table, kernel
        outputs = [j for j, row in enumerate(table) for _ in row]
        inputs = [i for row in table for i in row]
        self.places = [j * channels + i for j, i in zip(outputs, inputs, strict=True)]
        self.maps = len(table)
        self.stride, self.padding, self.dilation = stride, padding, dilation
        self.weight = nn.Parameter(torch.empty(len(inputs), kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(self.maps)) if bias else None

    def full_weight(self) -> torch.Tensor:
        """(maps, channels, k, k), zero where there is no connection."""
        count, k, _ = self.weight.shape
        places = torch.tensor(self.places, device=self.weight.device)
        flat = self.weight.new_zeros(self.maps * self.channels, k * k)
        full = flat.index_copy(0, places, self.weight.reshape(count, k * k))
        return full.reshape(self.maps, self.channels, k, k)

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        geometry = (self.stride, self.padding, self.dilation)
        return functional.conv2d(x_NCHW, self.full_weight(), self.bias, *geometry)

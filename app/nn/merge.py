"""Modules that join several inputs."""

from __future__ import annotations

import torch
from torch import nn


class Add(nn.Module):
    """Sum of inputs of one shape."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Concatenate(nn.Module):
    """Inputs (N, Cᵢ, …) one behind the other along the axis ``dim``: (N, ΣCᵢ, …)."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return torch.cat(inputs, dim=self.dim)

"""Group normalisation that trains where nothing below it does."""

from __future__ import annotations

import torch
from torch import nn


class GroupNorm(nn.GroupNorm):
    """nn.GroupNorm. PyTorch 2.13's backward for channels_last on the CPU writes ∂E/∂u also where u needs
    none, as the pictures of a first layer do, and crashes: such pictures come to it as plain ones.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and not input.requires_grad:
            input = input.clone(memory_format=torch.contiguous_format)
        return super().forward(input)

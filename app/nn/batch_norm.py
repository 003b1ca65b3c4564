"""Batch normalisation for maps and vectors alike, that survives a batch of one value a channel."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class BatchNorm(nn.BatchNorm1d):
    """As torch.nn.BatchNorm1d/2d over (N, C, …); a batch with one value a channel has no spread,
    so it is normalised by the running statistics instead of being refused."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        return

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and x.numel() == x.shape[1]:
            return functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(x)

"""A·tanh(S·u) with fixed numbers."""

from __future__ import annotations

import torch
from torch import nn


class ScaledTanh(nn.Module):
    """``amplitude``·tanh(``slope``·u) of every value; any shape."""

    def __init__(self, amplitude: float, slope: float) -> None:
        super().__init__()
        self.amplitude = amplitude
        self.slope = slope

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.slope * u) * self.amplitude

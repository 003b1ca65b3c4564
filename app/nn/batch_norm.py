"""Batch normalisation for maps and vectors alike, that survives a batch of one value a channel."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from app.nn.declared import look_only


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

    @look_only
    def inside(self, x: torch.Tensor, delta: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """μ and σ² of the batch, x̂, and δ by its three ways: straight, through μ and through σ².

        Ioffe and Szegedy, 2015: ∂E/∂x = (γ/σ)(δ − mean(δ) − x̂·mean(δ·x̂)), means over the batch.
        """
        if x.numel() == x.shape[1]:  # one value a channel: normalised by what earlier batches left
            return {}
        axes = [axis for axis in range(x.dim()) if axis != 1]
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
        root = (variance + self.eps).rsqrt()
        normalised = (x - mean) * root
        each = (x.shape[0], x.shape[1])
        found = {
            "mean": mean.reshape(1, -1).expand(each),
            "variance": variance.reshape(1, -1).expand(each),
            "normalised": normalised,
        }
        if delta is not None:
            slope = self.weight.reshape([1, -1] + [1] * (x.dim() - 2)) * root
            turned = (delta * normalised).mean(axes, keepdim=True)
            found["straight"] = slope * delta
            found["through_mean"] = (-slope * delta.mean(axes, keepdim=True)).expand_as(x)
            found["through_variance"] = -slope * normalised * turned
        return found

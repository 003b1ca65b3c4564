"""Modules of channels for sequences (N, T, F): their channels are the features, and they slide along time.

``lengths`` (N,) says where sequences end earlier than the batch: statistics leave out what comes behind,
and what slides reads zeros there.
"""

# Shapes: N batch, T steps, F features, G groups, C features of a group, M steps of all sequences.
from __future__ import annotations

import torch
from torch import nn

from app.nn.batch_norm import BatchNorm
from app.nn.dropout import ChannelDropout
from app.nn.group_norm import GroupNorm
from app.nn.masks import silent_tail
from app.nn.repeat import Repeat
from app.nn.subsample import Subsample


class ChannelsFirst(nn.Module):
    """(N, T, F) → (N, F, T): from steps and features to channels and length."""

    def forward(self, x_NTF: torch.Tensor) -> torch.Tensor:
        return x_NTF.transpose(1, 2)


class StepsConv1d(nn.Conv1d):
    """A convolution along time: (N, T, F) → (N, T′, filters)."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(silent_tail(x_NTF, lengths).transpose(1, 2)).transpose(1, 2)


class StepsMaxPool1d(nn.MaxPool1d):
    """The maximum of every stretch of steps: (N, T, F) → (N, T′, F)."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        pooled: torch.Tensor = super().forward(silent_tail(x_NTF, lengths).transpose(1, 2))
        return pooled.transpose(1, 2)


class StepsAvgPool1d(nn.AvgPool1d):
    """The mean of every stretch of steps: (N, T, F) → (N, T′, F)."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(silent_tail(x_NTF, lengths).transpose(1, 2)).transpose(1, 2)


class StepsSubsample(Subsample):
    """β·down(x) + b with one β and b a feature: (N, T, F) → (N, T′, F)."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(silent_tail(x_NTF, lengths).transpose(1, 2)).transpose(1, 2)


class StepsRepeat(Repeat):
    """Every step ``factor`` times: (N, T, F) → (N, factor·T, F)."""

    def forward(self, x_NTF: torch.Tensor) -> torch.Tensor:
        return super().forward(x_NTF.transpose(1, 2)).transpose(1, 2)


class StepsPrelu(nn.PReLU):
    """One slope a feature, the same at every step."""

    def forward(self, x_NTF: torch.Tensor) -> torch.Tensor:
        return super().forward(x_NTF.transpose(1, 2)).transpose(1, 2)


class StepsChannelDropout(ChannelDropout):
    """Zeroes whole features over all steps: one draw a sample and feature."""

    def mask_shape(self, x: torch.Tensor) -> tuple[int, ...]:
        return (x.shape[0], 1, x.shape[2])


class StepsBatchNorm(BatchNorm):
    """Mean and variance of every feature over the steps of all sequences; 0 behind their ends."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None or not self.training:
            normed = super().forward(x_NTF.transpose(1, 2)).transpose(1, 2)
            return silent_tail(normed, lengths)
        steps = torch.arange(x_NTF.shape[1], device=x_NTF.device)
        inside = (steps < lengths[:, None]).flatten().nonzero().squeeze(1)
        rows = x_NTF.flatten(0, 1)
        normed_MF = super().forward(rows.index_select(0, inside))
        return torch.zeros_like(rows).index_copy(0, inside, normed_MF).view_as(x_NTF)


class StepsGroupNorm(GroupNorm):
    """Mean and variance of every group of features over one sequence; 0 behind its end."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None:
            return super().forward(x_NTF.transpose(1, 2)).transpose(1, 2)
        normed = within(x_NTF, lengths, self.num_groups, self.eps)
        return silent_tail(normed * self.weight + self.bias, lengths)


class StepsLayerNorm(nn.LayerNorm):
    """Mean and variance of all values of one sequence; 0 behind its end."""

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None:
            return super().forward(x_NTF)
        normed = within(x_NTF, lengths, 1, self.eps)
        return silent_tail(normed * self.weight + self.bias, lengths)


def within(x_NTF: torch.Tensor, lengths: torch.Tensor, groups: int, eps: float) -> torch.Tensor:
    """Every group of features of a sequence with mean 0 and variance 1 over its own steps."""
    x_NTGC = _grouped(silent_tail(x_NTF, lengths), groups)
    count = (lengths * x_NTGC.shape[3])[:, None, None, None]
    mean = x_NTGC.sum((1, 3), keepdim=True) / count
    apart = _grouped(silent_tail((x_NTGC - mean).flatten(2), lengths), groups)
    variance = apart.square().sum((1, 3), keepdim=True) / count
    return (apart * (variance + eps).rsqrt()).flatten(2)


def _grouped(x_NTF: torch.Tensor, groups: int) -> torch.Tensor:
    samples, steps, features = x_NTF.shape
    return x_NTF.reshape(samples, steps, groups, features // groups)

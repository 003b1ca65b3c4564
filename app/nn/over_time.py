"""What stands before and behind a recurrent layer: a picture as rows, a sequence as one vector."""

from __future__ import annotations

import torch
from torch import nn

from app.nn.masks import first_repeated, last_steps, silent_tail


class Rows(nn.Module):
    """(N, C, H, W) → (N, steps, C·H·W/steps), row by row; vectors are cut into ``steps`` pieces.

    ``turned``: channels stand before time, in (N, C, L) too; not so in a sequence (N, T, F).
    """

    def __init__(self, steps: int, *, turned: bool = True) -> None:
        super().__init__()
        self.steps, self.turned = steps, turned

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.transpose(1, 2) if self.turned and x.dim() > 2 else x
        return rows.reshape(x.shape[0], self.steps, -1)


class OverTime(nn.Module):
    """(N, T, F) → (N, F): the ``last`` step, or the ``mean`` or ``max`` of all.

    Where sequences end earlier than the batch, ``lengths`` (N,) says when. Of equal largest
    values the first is the winner, and the error is its alone.
    """

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None:
            if self.how == "last":
                return x_NTF[:, -1]
            return x_NTF.mean(1) if self.how == "mean" else x_NTF.max(1).values
        if self.how == "last":
            return last_steps(x_NTF, lengths)
        if self.how == "mean":
            return silent_tail(x_NTF, lengths).sum(1) / lengths[:, None]
        return first_repeated(x_NTF, lengths).max(1).values

"""Rows of a table by token id. The padding is 0, and its row never gets a gradient."""

# Shapes: N batch, T steps, V tokens, D numbers a token.
from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Embedding(nn.Module):
    """Ids (N, T), whole numbers in a floating tensor, → (N, T, D)."""

    def __init__(self, tokens: int, size: int) -> None:
        super().__init__()
        self.tokens, self.size = tokens, size
        self.weight = nn.Parameter(torch.empty(tokens, size))

    def forward(self, x_NT: torch.Tensor) -> torch.Tensor:
        return _silent(functional.embedding(x_NT.long(), self.weight), x_NT)

    def stepwise(self, x_NT: torch.Tensor) -> torch.Tensor:
        """The same by elementary operations: rows put one below the other."""
        rows = self.weight.index_select(0, x_NT.long().flatten())
        return _silent(rows.view(*x_NT.shape, self.size), x_NT)


def _silent(x_NTD: torch.Tensor, ids_NT: torch.Tensor) -> torch.Tensor:
    """0 for the padding, whatever its row holds."""
    return x_NTD.masked_fill((ids_NT == 0)[:, :, None], 0.0)

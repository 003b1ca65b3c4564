"""Stochastic pooling: a block's cell is drawn by its share of the block's positive sum."""

from __future__ import annotations

import torch
from torch.nn import functional

from app.nn.declared import look_only
from app.nn.seeded import Seeded


class StochasticPool(Seeded):
    """(N, C, H, W) → (N, C, ⌊H/n⌋, ⌊W/n⌋), blocks of ``size`` × ``size`` that do not overlap.

    Probabilities are the positive parts over their sum (equal where there is none). Training draws
    one cell of each block; evaluation takes the probability-weighted mean.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        blocks = self.blocks(x_NCHW)
        share = self.shares(blocks.detach() if self.training else blocks)
        if not self.training:
            return (share * blocks).sum(dim=-1)
        chosen = functional.one_hot(self.drawn(share), blocks.shape[-1]).to(blocks.dtype)
        return (blocks * chosen).sum(dim=-1)

    def shares(self, blocks: torch.Tensor) -> torch.Tensor:
        """The probability of every cell of every block."""
        positive = blocks.clamp(min=0)
        total = positive.sum(dim=-1, keepdim=True)
        return torch.where(total > 0, positive / total.clamp(min=1e-30), 1.0 / blocks.shape[-1])

    def drawn(self, share: torch.Tensor) -> torch.Tensor:
        """The number of the cell that is drawn in every block."""
        draw = torch.empty(share.shape[:-1], dtype=share.dtype, device=share.device)
        draw.uniform_(generator=self.generator(share.device))
        below = share.cumsum(dim=-1) < draw.unsqueeze(-1)
        return below.sum(dim=-1).clamp(max=share.shape[-1] - 1)

    def blocks(self, x_NCHW: torch.Tensor) -> torch.Tensor:
        """(N, C, H′, W′, n²)."""
        n, c, height, width = x_NCHW.shape
        size, rows, columns = self.size, height // self.size, width // self.size
        cut = x_NCHW[:, :, : rows * size, : columns * size]
        parts = cut.reshape(n, c, rows, size, columns, size).permute(0, 1, 2, 4, 3, 5)
        return parts.reshape(n, c, rows, columns, size * size)

    @look_only
    def inside(self, x: torch.Tensor, delta: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """Where the cells lie: with what probability each is drawn, and 1 at those that were."""
        share = self.shares(self.blocks(x))
        chosen = functional.one_hot(self.drawn(share), share.shape[-1]).to(x.dtype)
        return {"probability": self._laid_out(share, x), "drawn": self._laid_out(chosen, x)}

    @look_only
    def _laid_out(self, blocks: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H′, W′, n²) as the picture that the blocks were cut from; 0 beyond the last block."""
        n, c, rows, columns, _ = blocks.shape
        height, width = rows * self.size, columns * self.size
        cells = blocks.reshape(n, c, rows, columns, self.size, self.size)
        picture = torch.zeros_like(x, memory_format=torch.contiguous_format)
        picture[:, :, :height, :width] = cells.transpose(3, 4).reshape(n, c, height, width)
        return picture

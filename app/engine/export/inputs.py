"""What a batch that enters an exported network holds: its type, and that said in words."""

from __future__ import annotations

import torch

from app.core.shapes import Shape, Tokens
from app.core.text import Text, text

_IDS = text(
    "({shape}) int64, token ids from 1 to {last}; 0 fills a short sequence up at its end",
    "({shape}) int64，词元编号 1 至 {last}；短序列末尾以 0 补齐",
)


def dtype_of(shape: Shape) -> torch.dtype:
    """Names are whole numbers, quantities are not."""
    return torch.int64 if isinstance(shape, Tokens) else torch.float32


def batch_of(shape: Shape) -> Text:
    """``(batch, 1, 28, 28) float32``."""
    axes = ", ".join(("batch", *map(str, shape)))
    if isinstance(shape, Tokens):
        return _IDS.format(shape=axes, last=shape.vocabulary - 1)
    return text(f"({axes}) float32", f"({axes}) float32")

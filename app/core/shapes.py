"""Tensor shapes without the batch axis, and how they are written for people."""

from __future__ import annotations

from math import prod

Shape = tuple[int, ...]


def size(shape: Shape) -> int:
    """Number of values of one sample."""
    return prod(shape)


def show(shape: Shape) -> str:
    """``(6, 28, 28)`` as ``6×28×28``."""
    return "×".join(map(str, shape)) if shape else "1"

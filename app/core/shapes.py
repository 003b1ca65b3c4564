"""Tensor shapes without the batch axis, and how they are written for people."""

from __future__ import annotations

from math import prod

Shape = tuple[int, ...]


class Tokens(tuple[int, ...]):
    """The shape (T,) of token ids: whole numbers below ``vocabulary``, names and no quantities.

    Id 0 is no token: it fills a short sequence up at its end.
    """

    vocabulary: int

    def __new__(cls, steps: int, vocabulary: int) -> Tokens:
        made = super().__new__(cls, (steps,))
        made.vocabulary = vocabulary
        return made


def size(shape: Shape) -> int:
    """Number of values of one sample."""
    return prod(shape)


def show(shape: Shape) -> str:
    """``(6, 28, 28)`` as ``6×28×28``."""
    return "×".join(map(str, shape)) if shape else "1"

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

    def __getnewargs__(self) -> tuple[int, int]:
        """A copy is made as this one was."""
        return (self[0], self.vocabulary)


class Steps(tuple[int, ...]):
    """The shape (steps, features) of a sequence whose first axis is time.

    Any other shape of two axes is (channels, length). Which of the two a shape is says the shape,
    not the number of an axis: layers ask it where its features and where its time are.
    """

    def __new__(cls, steps: int, features: int) -> Steps:
        return super().__new__(cls, (steps, features))

    def __getnewargs__(self) -> tuple[int, int]:
        """A copy is made as this one was."""
        return (self[0], self[1])


def channel_axis(shape: Shape) -> int:
    """The axis that counts channels, maps, features or units."""
    return 1 if isinstance(shape, Steps) else 0


def channels_of(shape: Shape) -> int:
    """Number of channels, maps, features or units; 1 for a shape without axes."""
    return shape[channel_axis(shape)] if shape else 1


def channels_first(shape: Shape) -> Shape:
    """(channels, …): of a sequence (steps, features) it is (features, steps)."""
    return shape[::-1] if isinstance(shape, Steps) else shape


def laid_out_as(given: Shape, shape: Shape) -> Shape:
    """``shape``, told as (channels, …), in the layout of ``given``."""
    if not isinstance(given, Steps):
        return shape
    channels, steps = shape
    return Steps(steps, channels)


def same_layout(shape: Shape, other: Shape) -> bool:
    """Whether the axes of two shapes mean the same."""
    return len(shape) == len(other) and isinstance(shape, Steps) == isinstance(other, Steps)


def size(shape: Shape) -> int:
    """Number of values of one sample."""
    return prod(shape)


def show(shape: Shape) -> str:
    """``(6, 28, 28)`` as ``6×28×28``."""
    return "×".join(map(str, shape)) if shape else "1"

"""What all made sequence sets share: sizes, seed, random draws, the cut. No set of its own."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import SEQUENCES, Data, Dataset
from app.catalog.datasets._points import Draws
from app.catalog.family import option
from app.core.shapes import Shape
from app.core.text import text

MADE = "Made by Glassnet"


def length_option(default: int, least: int, most: int = 1000) -> Any:
    return option(
        default,
        text("length", "长度"),
        text("Steps of time of a sequence.", "一个序列的时刻数。"),
        ge=least,
        le=most,
    )


class MadeSequences(Dataset):
    """Sequences (length, features), made from their options; four of five are learned from.

    No sequence that validates is also learned from. Where chance draws one several times, all of them
    are in the same part.
    """

    GROUP = SEQUENCES
    KIND = "sequence"
    LICENCE = "CC0-1.0"

    samples: int = option(
        5000,
        text("sequences", "序列数"),
        text("Of both parts together.", "训练与验证序列的总数。"),
        ge=100,
        le=20_000,
    )
    data_seed: int = option(
        0,
        text("data seed", "数据种子"),
        text("Another number gives other sequences.", "换一个数就换一批序列。"),
        ge=0,
        le=2**31 - 1,
    )

    @property
    def features(self) -> int:
        """Values at one step."""
        return 1

    @property
    def steps(self) -> int:
        """Length of a sequence."""
        raise TypeError(f"{type(self).__name__} declares no steps")

    @property
    def input_shape(self) -> Shape:
        return (self.steps, self.features)

    @property
    def sizes(self) -> tuple[int, int]:
        train = self.samples * 4 // 5
        return (train, self.samples - train)

    def make(self, draws: Draws) -> tuple[NDArray[Any], NDArray[Any]]:
        """Inputs (samples, steps, features), and classes (samples,) or values (samples, targets)."""
        raise TypeError(f"{type(self).__name__} declares no make")

    def load(self, root: Path) -> Data:
        x, y = self.make(Draws(self.kind(), self.data_seed))
        x = x.astype(np.float32)
        y = y.astype(np.int64 if self.TASK == "classification" else np.float32)
        train, val = apart(x, self.sizes, Draws(f"{self.kind()} apart", self.data_seed))
        return Data(x[train], y[train], x[val], y[val])


Part = slice | NDArray[np.intp]


def apart(x: NDArray[np.float32], sizes: tuple[int, int], draws: Draws) -> tuple[Part, Part]:
    """Which samples of ``x`` (N, T, F) train and which validate, so many of each and none of them alike.

    Where all are different, the first ones train. Else different ones are drawn for validation until
    the samples that are like them are as many as wanted; a part that has too few repeats its samples.
    """
    train, val = sizes
    names = np.array([blake2b(row.tobytes(), digest_size=16).digest() for row in x])
    _, first, which = np.unique(names, return_index=True, return_inverse=True)
    if len(first) in {1, len(x)}:
        return slice(0, train), slice(train, len(x))
    by_appearance = np.argsort(np.argsort(first))[which]
    order, copies = draws.order(len(first)), np.bincount(by_appearance)
    fit = int((np.cumsum(copies[order]) <= val).sum())
    validates = np.zeros(len(first), np.bool_)
    validates[order[: min(max(1, fit), len(first) - 1)]] = True
    chosen = validates[by_appearance]
    return np.resize(np.flatnonzero(~chosen), train), np.resize(np.flatnonzero(chosen), val)

"""What all next-character texts share: windows of a text, the vocabulary, the cut. No set of its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._tokens import PADDING, TokenSet
from app.catalog.family import option
from app.core.errors import Problem, Repair
from app.core.text import text

TRAIN = 0.9
SHORTEST = 4


def window_option(default: int) -> Any:
    return option(
        default,
        text("window", "窗口长度"),
        text("Characters of one sample.", "一个样本的字符数。"),
        ge=SHORTEST,
        le=1000,
    )


def carry_option() -> Any:
    return option(
        False,
        text("carry the state", "传递状态"),
        text(
            "Windows are read in order; hidden units go on from one to the next, gradients do not "
            "(truncated back-propagation).",
            "依次读取窗口；隐单元的状态传到下一个窗口，梯度则不传（截断的反向传播）。",
        ),
    )


class NextCharacter(TokenSet):
    """Windows of a text, one after another; the class of every character is the one that follows.

    The first nine tenths are learned from, the rest is for validation. Ids are numbered in the order
    of Unicode.
    """

    PER_STEP = True
    NEXT = True

    length: int = window_option(64)
    carry: bool = carry_option()

    @property
    def carries(self) -> bool:
        return self.carry

    @property
    def written(self) -> str:
        """The whole text."""
        raise TypeError(f"{type(self).__name__} declares no written")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return characters(self.written)

    @property
    def targets(self) -> int:
        return len(self.vocabulary)

    @property
    def steps(self) -> int:
        return self.length

    @property
    def sizes(self) -> tuple[int, int]:
        count = len(self.written)
        cut = self._cut(count)
        return (windows(cut, self.length), windows(count - cut, self.length))

    def _cut(self, count: int) -> int:
        """Where validation begins; a short text leaves it a window at least."""
        return max(0, min(int(count * TRAIN), count - self.length - 1))

    def faults(self) -> tuple[Problem, ...]:
        if min(self.sizes) >= 1:
            return ()
        count = len(self.written)
        longest = (count - 2) // 2
        shorter = {"op": "add", "path": "/training/dataset/length", "value": longest}
        say = text(f"Use windows of {longest} characters", f"窗口长度改为 {longest}")
        return (
            Problem(
                code="text_too_short",
                message=text(
                    f"The text has {count} characters: too few for windows of {self.length}, one to "
                    "learn from and one to check with.",
                    f"文本只有 {count} 个字符：窗口长度为 {self.length} 时不足以训练和验证。",
                ),
                pointer="/training/dataset/length",
                params={"characters": count, "length": self.length},
                repairs=(Repair(text=say, patch=(shorter,)),) if longest >= SHORTEST else (),
            ),
        )

    def load(self, root: Path) -> Data:
        ids = encoded(self.written)
        cut = self._cut(len(ids))
        return Data(*_cut_up(ids[:cut], self.length), *_cut_up(ids[cut:], self.length))


def windows(count: int, length: int) -> int:
    """Windows that so many characters fill, each with one more to follow its last."""
    return max(0, (count - 1) // length)


def _cut_up(ids: NDArray[np.int64], length: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    count = windows(len(ids), length)
    x = ids[: count * length].reshape(count, length).astype(np.float32)
    return x, np.ascontiguousarray(ids[1 : count * length + 1].reshape(count, length))


@lru_cache(maxsize=8)
def characters(written: str) -> tuple[str, ...]:
    """The padding, then every character of a text in order."""
    return (PADDING, *sorted(set(written)))


@lru_cache(maxsize=4)
def encoded(written: str) -> NDArray[np.int64]:
    """A text as ids (characters,)."""
    points = np.frombuffer(written.encode("utf-32-le"), dtype=np.uint32)
    known = np.unique(points)
    found = np.searchsorted(known, points).astype(np.int64) + 1
    found.setflags(write=False)
    return found


@lru_cache(maxsize=4)
def bundled(name: str) -> str:
    """A text that ships with the package. See bundled/PROVENANCE.md."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        return bytes(file["text"]).decode()

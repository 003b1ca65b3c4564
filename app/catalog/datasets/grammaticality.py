"""Grammaticality: is it a sentence, or have two of its words changed places?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data
from app.catalog.datasets._points import Draws
from app.catalog.datasets._sentences import (
    SentenceSet,
    bundled,
    known,
    longest_option,
    sentences_option,
    words_option,
)
from app.catalog.datasets.part_of_speech import BROWN_LICENCE, BROWN_SOURCE
from app.catalog.family import option
from app.core.text import text

LEAST = 6
"""Words of the shortest sentence in which two are exchanged."""


class Grammaticality(SentenceSet):
    """A sentence of the Brown corpus, and the same with two of its words exchanged: which is which?

    Every sentence is there twice, both times in the same part. Its first word and its last mark stay
    where they are, so that neither a capital nor a full stop tells. Some exchanges leave a sentence
    that is as good as before: nobody can be right about all.
    """

    TITLE = text("Grammaticality", "语句合法性检查")
    SUMMARY = text(
        "A real sentence, or one with two words exchanged? The network judges the order of words.",
        "是真实的句子，还是交换了两个词？网络预测词序是否合乎语法。",
    )
    DOC_ZH = (
        "Brown 语料库的一个句子，以及交换其中两个词后的同一句子：哪个是原句？\n\n"
        "每个句子出现两次，都在同一部分。首词和末尾标点不动，使大写与句号不泄露类别。有些交换并不影响语法，因此不可能全对。"
    )
    ALIASES = (
        "语句合法性检查",
        "语句是否通顺",
        "Brown corpus",
        "grammar",
        "acceptability",
        "word order",
        "语法",
        "词序",
        "通顺",
    )
    EXAMPLES = (
        {"type": "grammaticality"},
        {"type": "grammaticality", "exchange": "any", "longest": 12, "sentences": 5000},
    )
    CLASSES = (
        text("words exchanged", "交换了词"),
        text("as written", "原句"),
    )
    BUNDLE = "brown"
    LICENCE = BROWN_LICENCE
    SOURCE = f"Made by Glassnet from {BROWN_SOURCE}"

    type: Literal["grammaticality"] = "grammaticality"
    exchange: Literal["neighbours", "any"] = option(
        "neighbours",
        text("exchanged", "交换"),
        text(
            "Two words side by side, or any two of the sentence.",
            "相邻的两个词，或句中任意两个词。",
        ),
        labels={
            "neighbours": text("two neighbours", "相邻两词"),
            "any": text("any two words", "任意两词"),
        },
    )
    words: int = words_option(4000, 8000)
    longest: int = longest_option(20, 40, least=8)
    sentences: int = sentences_option(20_000, 30_000)
    data_seed: int = option(
        0,
        text("data seed", "数据种子"),
        text("Another number exchanges other words.", "换一个数就交换别的词。"),
        ge=0,
        le=2**31 - 1,
    )

    def _rows(self) -> NDArray[np.int64]:
        whole = bundled(self.BUNDLE)
        fit = (whole.lengths >= LEAST) & (whole.lengths <= self.longest)
        return np.flatnonzero(fit)[: self.sentences]

    @property
    def sizes(self) -> tuple[int, int]:
        count = len(self._rows())
        return (2 * (count * 4 // 5), 2 * (count - count * 4 // 5))

    def load(self, root: Path) -> Data:
        whole, ids = bundled(self.BUNDLE), known(self.BUNDLE, self.words)[1]
        rows = self._rows()
        good = whole.padded(ids, rows, self.longest, 0)
        bad = self._exchanged(good, whole.lengths[rows])
        x = np.stack([good, bad], axis=1).reshape(-1, self.longest)
        return self.cut(x, np.tile(np.array([1, 0]), len(rows)))

    def _exchanged(self, good: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """A different pair of tokens of each sentence, exchanged; where there is none, the last two that
        were tried."""
        bad, rows = good.copy(), np.arange(len(good))
        draws = Draws("grammaticality", self.data_seed)
        open_rows = rows
        for attempt in range(20):
            inner = lengths[open_rows] - 2  # places 1 … n−2 may change
            one = self._place(draws, f"first {attempt}", inner - (self.exchange == "neighbours"))
            two = (
                one + 1
                if self.exchange == "neighbours"
                else self._place(draws, f"second {attempt}", inner)
            )
            bad[open_rows] = good[open_rows]
            bad[open_rows, one], bad[open_rows, two] = good[open_rows, two], good[open_rows, one]
            open_rows = open_rows[good[open_rows, one] == good[open_rows, two]]
            if not len(open_rows):
                break
        return bad

    @staticmethod
    def _place(draws: Draws, name: str, below: NDArray[np.int64]) -> NDArray[np.int64]:
        return 1 + (draws.uniform(name, 0.0, 1.0, len(below)) * below).astype(np.int64)

"""Sentiment: does a sentence of a review praise or blame?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.catalog.datasets._base import Data
from app.catalog.datasets._sentences import (
    SentenceSet,
    bundled,
    known,
    longest_option,
    words_option,
)
from app.core.text import text


class Sentiment(SentenceSet):
    """Sentences from reviews of films and of things, which twenty people rated from −4 to 4.

    The class is the sign of their mean; sentences that left them undecided (between −0.5 and 0.5) are
    left out.
    """

    TITLE = text("Sentiment", "情感分类")
    SUMMARY = text(
        "Praise or blame? Sentences of reviews of films and of things, judged by twenty people each.",
        "褒还是贬？影评与商品评论中的句子，各由二十人评分。",
    )
    DOC_ZH = (
        "影评与商品评论中的句子，各由二十人在 −4 到 4 之间评分。\n\n"
        "类别为平均分的符号；评分介于 −0.5 与 0.5 之间的句子不用。"
    )
    ALIASES = ("reviews", "opinion", "VADER", "movies", "情感", "评论", "褒贬")
    EXAMPLES = ({"type": "sentiment"}, {"type": "sentiment", "words": 1000, "longest": 16})
    CLASSES = (text("blame", "贬"), text("praise", "褒"))
    BUNDLE = "reviews"
    LICENCE = "MIT, as vaderSentiment is distributed; the sentences are quotations from reviews"
    SOURCE = (
        "C. J. Hutto, E. Gilbert, VADER, 2014 (PyPI vaderSentiment), with sentences from B. Pang, L. Lee, 2004, "
        "and M. Hu, B. Liu, 2004"
    )

    type: Literal["sentiment"] = "sentiment"
    words: int = words_option(4000, 6000)
    longest: int = longest_option(32, 32)

    @property
    def sizes(self) -> tuple[int, int]:
        count = int((bundled(self.BUNDLE).lengths <= self.longest).sum())
        return (count * 4 // 5, count - count * 4 // 5)

    def load(self, root: Path) -> Data:
        whole, ids = bundled(self.BUNDLE), known(self.BUNDLE, self.words)[1]
        rows = whole.rows(self.longest, len(whole.lengths))
        return self.cut(whole.padded(ids, rows, self.longest, 0), whole.labels[rows])

"""Word vectors: which word stands near which?"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data
from app.catalog.datasets._points import Draws
from app.catalog.datasets._sentences import bundled
from app.catalog.datasets._tokens import PADDING, TokenSet
from app.catalog.datasets._words import RESERVED
from app.catalog.datasets.part_of_speech import BROWN_LICENCE, BROWN_SOURCE
from app.catalog.family import option
from app.core.text import text

COMMON = 1e-3
"""Share of the text above which a word is thinned out, Mikolov's t."""
HELD_OUT = 20
"""One sentence of so many is for validation."""
Ids = NDArray[np.int64]


@lru_cache(maxsize=1)
def _spelled() -> tuple[tuple[str, ...], Ids]:
    """Words with letters only, most frequent first, and the new id of each old one, or 0."""
    whole = bundled("brown")
    letters = [place for place, word in enumerate(whole.lexicon.words) if word[0].isalpha()]
    renamed = np.zeros(RESERVED + len(whole.lexicon.words), dtype=np.int64)
    renamed[RESERVED + np.array(letters)] = 1 + np.arange(len(letters))
    return tuple(whole.lexicon.words[place] for place in letters), renamed


@lru_cache(maxsize=2)
def _run_of_words(size: int) -> tuple[Ids, Ids]:
    """The ids of all known words of the corpus in order, and the number of each one's sentence."""
    whole = bundled("brown")
    of = np.repeat(np.arange(len(whole.lengths)), whole.lengths)
    ids = _spelled()[1][whole.ids]
    kept = (ids > 0) & (ids <= size)
    return ids[kept], of[kept]


@lru_cache(maxsize=4)
def _usual(vocabulary: tuple[str, ...]) -> dict[str, str]:
    return {word.lower(): word for word in vocabulary}


class WordPairs(TokenSet):
    """A word and one that stands near it in a sentence of the Brown corpus: to guess one from the other, a
    network must give words that are used alike vectors that are alike.

    ``skip_gram``: from the word in the middle to one of its neighbours. ``cbow``: from all neighbours to
    the word in the middle. Words outside the list and marks are passed over; very frequent words are
    thinned out. After Mikolov, Chen, Corrado and Dean, "Efficient Estimation of Word Representations in
    Vector Space", 2013. Pairs for validation come from the last twentieth of the sentences.
    """

    TITLE = text("Word pairs", "词对")
    SUMMARY = text(
        "Guess a word from its neighbour: from this alone, words get their vectors.",
        "由一个词猜它的邻词：仅凭这一点，词就有了向量。",
    )
    DOC_ZH = (
        "Brown 语料库中的一个词与其附近的一个词：要由此及彼，网络须给用法相近的词以相近的向量。\n\n"
        "skip_gram：由中间的词预测一个邻词；cbow：由所有邻词预测中间的词。跳过词表之外的词与标点，并稀释极常见的词。"
        "依 Mikolov、Chen、Corrado、Dean，2013。验证用的词对取自最后二十分之一的句子。"
    )
    ALIASES = (
        "word2vec",
        "skip-gram",
        "CBOW",
        "word vectors",
        "embedding",
        "词向量",
        "跳字模型",
        "连续词袋",
    )
    EXAMPLES = (
        {"type": "word_pairs"},
        {"type": "word_pairs", "kind_of_pair": "cbow", "window": 3, "words": 1000, "pairs": 50_000},
    )
    JOIN = " "
    NEXT = True
    LICENCE = BROWN_LICENCE
    SOURCE = f"Made by Glassnet from {BROWN_SOURCE}"

    type: Literal["word_pairs"] = "word_pairs"
    kind_of_pair: Literal["skip_gram", "cbow"] = option(
        "skip_gram",
        text("kind", "方式"),
        text("What is guessed from what.", "由什么猜什么。"),
        labels={
            "skip_gram": text("skip-gram: word → neighbour", "skip-gram：词 → 邻词"),
            "cbow": text("CBOW: neighbours → word", "CBOW：邻词 → 词"),
        },
    )
    window: int = option(
        3,
        text("window", "窗口"),
        text("How many words on either side are neighbours.", "左右各多少个词算邻词。"),
        ge=1,
        le=5,
    )
    words: int = option(
        2000,
        text("words", "词数"),
        text(
            "The most frequent ones have a vector; any other is passed over.",
            "最常见的词有向量，其余跳过。",
        ),
        ge=100,
        le=7000,
    )
    pairs: int = option(
        300_000,
        text("pairs", "词对数"),
        text(
            "Drawn at random from the corpus; the same may come twice.",
            "从语料中随机抽取，可能重复。",
        ),
        ge=1000,
        le=1_000_000,
    )
    data_seed: int = option(
        0,
        text("data seed", "数据种子"),
        text("Another number takes other pairs.", "换一个数就取别的词对。"),
        ge=0,
        le=2**31 - 1,
    )

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (PADDING, *_spelled()[0][: self.words])

    @property
    def targets(self) -> int:
        return 1 + self.words

    @property
    def steps(self) -> int:
        return 1 if self.kind_of_pair == "skip_gram" else 2 * self.window

    def tokenise(self, written: str) -> tuple[str, ...]:
        """Words, in the case in which the list has them."""
        usual = _usual(self.vocabulary)
        return tuple(usual.get(word.lower(), word) for word in written.split())

    @property
    def sizes(self) -> tuple[int, int]:
        held_out = self.pairs // HELD_OUT
        return (self.pairs - held_out, held_out)

    def load(self, root: Path) -> Data:
        ids, of = _run_of_words(self.words)
        draws = Draws("word_pairs", self.data_seed)
        share = np.bincount(ids, minlength=1 + self.words) / len(ids)
        stays = np.sqrt(COMMON / np.maximum(share, COMMON))[ids]
        kept = draws.uniform("thin", 0.0, 1.0, len(ids)) < stays
        ids, of = ids[kept], of[kept]
        cut = int(np.searchsorted(of, of[-1] * (HELD_OUT - 1) // HELD_OUT))
        train, val = self.sizes
        x, y = self._pairs(draws, "train", ids[:cut], of[:cut], train)
        val_x, val_y = self._pairs(draws, "val", ids[cut:], of[cut:], val)
        return Data(x.astype(np.float32), y, val_x.astype(np.float32), val_y)

    def _pairs(self, draws: Draws, part: str, ids: Ids, of: Ids, count: int) -> tuple[Ids, Ids]:
        """Inputs (count, steps) and classes (count,) from a run of words and their sentences."""
        offsets = np.concatenate([np.arange(-self.window, 0), np.arange(1, self.window + 1)])
        at = np.arange(len(ids))[:, None] + offsets
        inside = (at >= 0) & (at < len(ids))
        at = np.clip(at, 0, len(ids) - 1)
        inside &= of[at] == of[:, None]
        middles = np.flatnonzero(inside.any(axis=1))
        drawn = draws.uniform(f"{part} middle", 0.0, len(middles), count).astype(np.int64)
        middle = middles[drawn]
        around, there = ids[at[middle]], inside[middle]
        # neighbours first, in their order; then what is not there
        order = np.argsort(~there, axis=1, kind="stable")
        around = np.where(there, around, 0)[np.arange(count)[:, None], order]
        if self.kind_of_pair == "cbow":
            return around, ids[middle]
        which = draws.uniform(f"{part} neighbour", 0.0, 1.0, count) * there.sum(axis=1)
        return ids[middle][:, None], around[np.arange(count), which.astype(np.int64)]

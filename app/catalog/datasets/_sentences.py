"""Reads the bundled sentences, and what data sets made of them share: how many words are known, how long a
sentence may be. No set of its own. See bundled/PROVENANCE.md."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._tokens import NoTokens, TokenSet
from app.catalog.datasets._words import RESERVED, Lexicon, split
from app.catalog.family import option
from app.core.text import text

Ids = NDArray[np.uint16]
Bundle = Literal["brown", "reviews"]


@dataclass(frozen=True)
class Sentences:
    """Sentences one behind the other: ids, where each begins and how long it is, and what is known of
    each word (Brown: its class) or of each sentence (reviews: whether it praises)."""

    lexicon: Lexicon
    ids: Ids
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    labels: NDArray[np.int64]

    def rows(self, longest: int, count: int) -> NDArray[np.int64]:
        """Which sentences are no longer than that; the first ``count`` of them."""
        return np.flatnonzero(self.lengths <= longest)[:count]

    def padded(
        self, values: NDArray[Any], rows: NDArray[np.int64], width: int, filler: int
    ) -> NDArray[np.int64]:
        """(rows, width) of what goes with each word, with ``filler`` behind a sentence's end."""
        places = np.arange(width)
        inside = places < self.lengths[rows, None]
        at = np.where(inside, self.starts[rows, None] + places, 0)
        return np.where(inside, values[at].astype(np.int64), filler)


@lru_cache(maxsize=2)
def bundled(name: Bundle) -> Sentences:
    """The whole of a bundled file."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        words = bytes(file["words"]).decode().split("\n")
        ids, lengths = file["ids"], file["lengths"].astype(np.int64)
        if name == "brown":
            labels = file["classes"][ids, file["places"]].astype(np.int64)
        else:
            labels = file["classes"].astype(np.int64)
    return Sentences(Lexicon(words), ids, np.cumsum(lengths) - lengths, lengths, labels)


@lru_cache(maxsize=8)
def known(name: Bundle, size: int) -> tuple[Lexicon, Ids]:
    """The lexicon of the ``size`` most frequent words, and the sentences' ids in it."""
    whole = bundled(name)
    lexicon, renamed = whole.lexicon.cut(size)
    return lexicon, renamed[whole.ids]


def words_option(default: int, most: int) -> Any:
    return option(
        default,
        text("words", "词数"),
        text(
            "The most frequent words are known; any other is replaced by one of twelve unknown-word tokens, according to its spelling.",
            "只保留最常见的词；其余按拼写形式替换为十二种未知词元之一。",
        ),
        ge=100,
        le=most,
    )


def longest_option(default: int, most: int, least: int = 5) -> Any:
    return option(
        default,
        text("longest sentence", "最长句子"),
        text("Longer ones are left out.", "更长的句子不用。"),
        ge=least,
        le=most,
    )


def sentences_option(default: int, most: int) -> Any:
    return option(
        default,
        text("sentences", "句子数"),
        text(
            "Of both parts together, at most as many as there are.",
            "训练与验证句子的总数，至多为现有句子数。",
        ),
        ge=100,
        le=most,
    )


class SentenceSet(TokenSet):
    """Sentences as ids of words, ended by padding; four of five are learned from."""

    JOIN = " "
    FIRST = RESERVED
    BUNDLE: ClassVar[Bundle]
    # Each set declares `words` and `longest` with bounds of its own.
    words: int
    longest: int

    @property
    def lexicon(self) -> Lexicon:
        return known(self.BUNDLE, self.words)[0]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return self.lexicon.tokens

    @property
    def steps(self) -> int:
        return self.longest

    def tokenise(self, written: str) -> tuple[str, ...]:
        """Words and marks."""
        return tuple(split(written))

    def ids(self, written: str, pointer: str = "") -> list[int]:
        """Every word has an id: one outside the list that of an unknown-word token."""
        found = self.lexicon.encode(self.tokenise(written))
        if not found:
            raise NoTokens(pointer=pointer)
        return found

    def cut(self, x: NDArray[Any], y: NDArray[np.int64]) -> Data:
        """Both parts of the samples, as :attr:`sizes` has them."""
        train = self.sizes[0]
        x = x.astype(np.float32)
        return Data(x[:train], y[:train], x[train:], y[train:])

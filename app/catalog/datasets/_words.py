"""How a sentence becomes words and a word becomes a token: splitting, shapes of unknown words, a vocabulary.

A word that is not in a vocabulary keeps a trace of how it is written: after the unknown-word signatures
of Weischedel et al., "Coping with ambiguity and unknown words through probabilistic models", 1993.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._tokens import PADDING

UNKNOWN = (
    "‹number›",
    "‹Name›",
    "‹…'s›",
    "‹…-…›",
    "‹…ing›",
    "‹…ed›",
    "‹…ly›",
    "‹…tion›",
    "‹…al›",
    "‹…er›",
    "‹…s›",
    "‹word›",
)
"""Tokens that stand for words outside the vocabulary, by how the word is written."""
RESERVED = 1 + len(UNKNOWN)
"""Ids before the first word."""

_NUMBER, _NAME, _OWNER, _HYPHEN, _ING, _ED, _LY, _NOUN, _ADJECTIVE, _ER, _S, _WORD = range(
    1, RESERVED
)
_ENDINGS = (
    (_ING, ("ing",)),
    (_ED, ("ed",)),
    (_LY, ("ly",)),
    (_NOUN, ("tion", "sion", "ment", "ness", "ity", "ism", "ance", "ence", "ship")),
    (_ADJECTIVE, ("al", "ous", "ive", "ful", "ic", "able", "ible", "less", "ish")),
    (_ER, ("er", "or", "ist")),
    (_S, ("s",)),
)
MARKS = {"``": "“", "''": "”", "--": "—"}
_SAME = str.maketrans({"’": "'", "‘": "'", "–": "-"})
_PIECE = re.compile(
    r"``|''|--|\.\.\.|[A-Za-z]\.(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr)\.|\$?\d+(?:[.,:/]\d+)*%?"
    r"|[^\W\d_]+(?:['-][^\W_]+)*'?|\S"
)


def signature(word: str, *, first: bool) -> int:
    """The id of the unknown-word token for ``word``; ``first`` of its sentence, a capital tells nothing."""
    if any(letter.isdigit() for letter in word):
        return _NUMBER
    if word[:1].isupper() and not first:
        return _NAME
    lower = word.lower()
    if lower.endswith(("'s", "s'")):
        return _OWNER
    if "-" in lower:
        return _HYPHEN
    for token, endings in _ENDINGS:
        if lower.endswith(endings) and len(lower) > 4:
            return token
    return _WORD


def split(sentence: str) -> list[str]:
    """Words and marks of a sentence; a straight quotation mark opens or closes."""
    pieces: list[str] = []
    for piece in _PIECE.findall(sentence.translate(_SAME)):
        if piece == '"':
            opened = pieces.count("“") > pieces.count("”")
            pieces.append("”" if opened else "“")
        else:
            pieces.append(MARKS.get(piece, piece))
    return pieces


class Lexicon:
    """A list of words, most frequent first, behind the padding and the unknown-word tokens."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.tokens = (PADDING, *UNKNOWN, *words)
        self._ids = {word.lower(): RESERVED + place for place, word in enumerate(words)}

    def token(self, word: str, *, first: bool) -> int:
        """The word's id, or that of the unknown-word token that fits it."""
        known = self._ids.get(word.lower())
        return signature(word, first=first) if known is None else known

    def encode(self, pieces: Sequence[str]) -> list[int]:
        return [self.token(piece, first=place == 0) for place, piece in enumerate(pieces)]

    def cut(self, size: int) -> tuple[Lexicon, NDArray[np.uint16]]:
        """The first ``size`` words, and for every id of this list the id there."""
        rest = [signature(word, first=False) for word in self.words[size:]]
        kept = np.arange(RESERVED + len(self.words[:size]), dtype=np.uint16)
        return Lexicon(self.words[:size]), np.concatenate([kept, np.array(rest, dtype=np.uint16)])

"""What all sets of tokens share: a vocabulary, text to ids and back. No set of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import TEXTS, Dataset
from app.core.errors import Invalid
from app.core.shapes import Tokens
from app.core.text import text

PADDING = ""
"""Token 0 of every vocabulary: it fills short sequences up."""
_SHOWN = 12


class UnknownToken(Invalid):
    code, status = "unknown_token", 422
    message = text(
        "“{token}” (number {place}) is not in the vocabulary of {dataset}, which has {count} "
        "tokens, such as {some}.",
        "“{token}”（第 {place} 个）不在“{dataset_zh}”的词表中；词表共有 {count} 个词元，例如 {some}。",
    )


class NoTokens(Invalid):
    code, status = "no_tokens", 422
    message = text("There is no text to read.", "没有可读的文本。")


class TooManyTokens(Invalid):
    code, status = "too_many_tokens", 422
    message = text(
        "The text has {count} tokens; the network reads {limit} at most.",
        "文本有 {count} 个词元，网络最多读取 {limit} 个。",
    )


class TokenSet(Dataset):
    """Samples are ids (steps,), filled up at their end with 0."""

    GROUP = TEXTS
    KIND = "text"
    TASK = "classification"
    VARIES = True
    FIRST: ClassVar[int] = 1
    """Ids below it stand for no token of the vocabulary: the padding, and words outside the list."""
    JOIN: ClassVar[str] = ""
    """What stands between two tokens in a text."""

    @property
    def steps(self) -> int:
        """Tokens of the longest sample."""
        raise TypeError(f"{type(self).__name__} declares no steps")

    @property
    def input_shape(self) -> Tokens:
        return Tokens(self.steps, len(self.vocabulary))

    def tokenise(self, written: str) -> tuple[str, ...]:
        """A text as tokens, known or not: its characters, unless a set says else."""
        return tuple(written)

    def ids(self, written: str, pointer: str = "") -> list[int]:
        """A text as ids; raises :class:`UnknownToken`, :class:`NoTokens`."""
        places = numbers(self.vocabulary)
        found = []
        for place, token in enumerate(self.tokenise(written), start=1):
            if token not in places:
                raise UnknownToken(
                    pointer=pointer,
                    token=token,
                    place=place,
                    dataset=self.TITLE.en,
                    dataset_zh=self.TITLE.zh,
                    count=len(places),
                    some=" ".join(list(places)[-_SHOWN:]),
                )
            found.append(places[token])
        if not found:
            raise NoTokens(pointer=pointer)
        return found

    def sample(self, written: str, pointer: str = "") -> NDArray[np.float32]:
        """A text as one sample (steps,); raises also :class:`TooManyTokens`."""
        ids = self.ids(written, pointer)
        if len(ids) > self.steps:
            raise TooManyTokens(pointer=pointer, count=len(ids), limit=self.steps)
        return np.array([*ids, *[0] * (self.steps - len(ids))], dtype=np.float32)

    def say(self, ids: Iterable[int]) -> str:
        """Ids as text."""
        return self.JOIN.join(self.vocabulary[one] for one in ids if one)


@lru_cache(maxsize=16)
def numbers(vocabulary: tuple[str, ...]) -> dict[str, int]:
    """Ids by token; the padding has none."""
    return {token: place for place, token in enumerate(vocabulary) if place}

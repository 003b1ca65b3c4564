"""A text that the user brought as a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from app.catalog.datasets._base import OWN, Data
from app.catalog.datasets._texts import NextCharacter, carry_option, window_option
from app.catalog.datasets._uploaded import digest_option, missing
from app.catalog.shelf import SHELF, TEXT, TextFacts
from app.core.errors import DataMissing, Problem
from app.core.text import text


class UploadedText(NextCharacter):
    """A text file (UTF-8) of at most two million characters. At every one of them the next is asked for.

    The first nine tenths are learned from, the rest is for validation.
    """

    TITLE = text("Own text file", "自己的文本文件")
    SUMMARY = text(
        "A text file in any language, UTF-8: the network learns to continue it.",
        "任意语言的文本文件（UTF-8）：网络学习续写它。",
    )
    DOC_ZH = "文本文件（UTF-8），至多二百万个字符。对其中每个字符都要求答出下一个。前九成用于训练，其余用于验证。"
    GROUP = OWN
    ALIASES = ("upload", "txt", "language model", "上传", "文本", "语言模型")
    EXAMPLES = ({"type": "uploaded_text", "digest": "0" * 64},)
    LICENCE = "typed in by its owner"
    SOURCE = "uploaded by the user of this server"

    type: Literal["uploaded_text"] = "uploaded_text"
    digest: str = digest_option()
    length: int = window_option(64)
    carry: bool = carry_option()

    @property
    def _there(self) -> bool:
        return self.digest != "" and isinstance(SHELF.facts(self.digest), TextFacts)

    def available(self, root: Path) -> bool:
        SHELF.look_in(root)
        return self._there

    def missing(self) -> DataMissing:
        return missing(self.TITLE)

    @property
    def written(self) -> str:
        return _written(self.digest) if self._there else ""

    def faults(self) -> tuple[Problem, ...]:
        return super().faults() if self._there else (self.missing().problem(),)

    def load(self, root: Path) -> Data:
        if not self.available(root):
            raise self.missing()
        return super().load(root)


@lru_cache(maxsize=4)
def _written(digest: str) -> str:
    """The text of a set that is there; its content never changes."""
    found = SHELF.array(digest, TEXT)
    return "" if found is None else bytes(found).decode()

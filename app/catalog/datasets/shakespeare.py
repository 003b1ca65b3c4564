"""Four plays of Shakespeare, character by character."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._texts import NextCharacter, bundled, carry_option, window_option
from app.core.text import text


class Shakespeare(NextCharacter):
    """*Romeo and Juliet*, *A Midsummer Night's Dream*, *Hamlet* and *Macbeth*, 512,983 characters.

    Every sample is a window of ``length`` characters; at every one of them the next is asked for. The
    first nine tenths are learned from, the last tenth (the end of *Macbeth*) is for validation.
    """

    TITLE = text("Shakespeare", "莎士比亚戏剧")
    SUMMARY = text(
        "Four plays in English: which character comes next? The network learns to write.",
        "四部英文戏剧：下一个字符是什么？网络由此学会写作。",
    )
    DOC_ZH = (
        "《罗密欧与朱丽叶》《仲夏夜之梦》《哈姆雷特》《麦克白》英文原文，共 512,983 个字符。\n\n"
        "每个样本是 length 个字符的窗口，对其中每个字符都要求答出下一个字符。前九成用于训练，最后一成（《麦克白》结尾）用于验证。"
    )
    ALIASES = ("text", "characters", "language model", "plays", "文本", "字符", "语言模型", "英文")
    EXAMPLES = ({"type": "shakespeare", "length": 64},)
    LICENCE = "public domain"
    SOURCE = "W. Shakespeare; texts of Project Gutenberg in the Python package shakespeare 0.6"

    type: Literal["shakespeare"] = "shakespeare"
    length: int = window_option(64)
    carry: bool = carry_option()

    @property
    def written(self) -> str:
        return bundled("shakespeare")

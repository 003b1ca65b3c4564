"""A text typed or pasted by the user, character by character."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._texts import NextCharacter, carry_option, window_option
from app.catalog.family import option
from app.core.text import text

MOST = 20_000
START = (
    "Twinkle, twinkle, little star,\nHow I wonder what you are!\nUp above the world so high,\n"
    "Like a diamond in the sky.\n\nWhen the blazing sun is gone,\nWhen he nothing shines upon,\n"
    "Then you show your little light,\nTwinkle, twinkle, all the night.\n\nThen the traveller in the "
    "dark,\nThanks you for your tiny spark,\nHe could not see which way to go,\nIf you did not "
    "twinkle so.\n"
)
"""Jane Taylor, The Star, 1806."""


class OwnText(NextCharacter):
    """Up to 20,000 characters of any language. At every one of them the next is asked for.

    The first nine tenths are learned from. A longer text is brought as a file.
    """

    TITLE = text("Own text", "自己的文本")
    SUMMARY = text(
        "A text that you type or paste, in any language: the network learns to continue it.",
        "自己输入或粘贴的文本，语言不限：网络学习续写它。",
    )
    DOC_ZH = "至多 20,000 个字符，语言不限。对其中每个字符都要求答出下一个。前九成用于训练。更长的文本请以文件上传。"
    ALIASES = ("paste", "language model", "typed", "粘贴", "文本", "语言模型")
    EXAMPLES = ({"type": "own_text"},)
    LICENCE = "your own"
    SOURCE = "typed by hand"

    type: Literal["own_text"] = "own_text"
    text: str = option(
        START,
        text("text", "文本"),
        text("What is to be learned, as it stands.", "要学习的文本，原样使用。"),
        min_length=8,
        max_length=MOST,
    )
    length: int = window_option(32)
    carry: bool = carry_option()

    @property
    def written(self) -> str:
        return self.text

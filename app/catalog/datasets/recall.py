"""Copy memory with a lag: which symbol came first?"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._points import Draws
from app.catalog.datasets._sequences import MADE, MadeSequences
from app.catalog.family import option
from app.core.text import text

SYMBOLS = 4


class Recall(MadeSequences):
    """One of four symbols comes first, then ``lag`` steps of distraction; at the end it is asked for.

    Steps are one-hot: four symbols, four distractors. Guessing is right in a quarter of the cases.
    After the copy task of Hochreiter and Schmidhuber, 1997. With a lag below 6 there are few different
    sequences (4 to the power of lag + 1); about a fifth of them is never learned from.
    """

    TITLE = text("Recall after a lag", "延时回忆")
    SUMMARY = text(
        "A symbol, then a stretch of noise, then the question what it was: choose how long the lag is.",
        "先出现一个符号，随后是一段干扰，最后问它是什么：间隔长短可以选择。",
    )
    DOC_ZH = (
        "首先出现四个符号之一，随后是 lag 个干扰时刻，最后要求答出该符号。\n\n"
        "每个时刻为独热编码：四个符号、四个干扰。随机猜测的正确率为四分之一。改自 Hochreiter、Schmidhuber，1997。间隔小于 6 时不同序列很少（4 的 lag + 1 次方），其中约五分之一从不用于训练。"
    )
    ALIASES = ("copy memory", "lag", "long-term dependency", "复制记忆", "长期依赖", "间隔")
    EXAMPLES = ({"type": "recall", "lag": 20},)
    TASK = "classification"
    CLASSES = tuple(text(letter, letter) for letter in "ABCD")
    SOURCE = f"{MADE}, after S. Hochreiter and J. Schmidhuber, 1997"

    type: Literal["recall"] = "recall"
    lag: int = option(
        20,
        text("lag", "间隔"),
        text("Steps between the symbol and the question.", "符号与提问之间的时刻数。"),
        ge=1,
        le=999,
    )

    @property
    def steps(self) -> int:
        return self.lag + 1

    @property
    def features(self) -> int:
        return 2 * SYMBOLS

    def make(self, draws: Draws) -> tuple[NDArray[Any], NDArray[Any]]:
        count = self.samples
        asked = draws.uniform("symbol", 0.0, SYMBOLS, count).astype(np.int64)
        noise = draws.uniform("noise", 0.0, SYMBOLS, count * self.lag).astype(np.int64)
        shown = np.concatenate([asked[:, None], SYMBOLS + noise.reshape(count, -1)], axis=1)
        return np.eye(2 * SYMBOLS)[shown], asked

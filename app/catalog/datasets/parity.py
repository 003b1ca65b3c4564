"""Parity: is the number of ones odd?"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._points import Draws
from app.catalog.datasets._sequences import MADE, MadeSequences, length_option
from app.core.text import text


class Parity(MadeSequences):
    """Zeros and ones at random; the class says whether the ones are even or odd in number.

    No step can be left out: one bit of memory must be flipped at every one. There are 2ⁿ sequences of
    length n: short ones are few and come again and again. About a fifth of the different ones is kept
    for validation and never learned from; of length 2 to 4 that leaves hardly anything to learn from.
    """

    TITLE = text("Parity", "奇偶校验")
    SUMMARY = text(
        "A string of bits: is the number of ones even or odd? A network that reads bit by bit must remember one bit, and flip it at every 1.",
        "一串比特：1 的个数是偶数还是奇数？逐位读入的网络须记住一位信息，每遇到 1 就翻转。",
    )
    DOC_ZH = "随机的 0 与 1；类别表示 1 的个数为偶数或奇数。\n\n任何一个时刻都不能漏掉：每遇到 1 都须翻转一位记忆。长度为 n 的序列共 2ⁿ 个：短序列种类少，会反复出现。约五分之一的不同序列只用于验证，从不用于训练；长度为 2 至 4 时可学的所剩无几。"
    ALIASES = ("XOR", "bits", "异或", "比特")
    EXAMPLES = ({"type": "parity", "length": 8},)
    TASK = "classification"
    CLASSES = (text("even", "偶"), text("odd", "奇"))
    SOURCE = MADE

    type: Literal["parity"] = "parity"
    length: int = length_option(8, 2, 100)

    @property
    def steps(self) -> int:
        return self.length

    def make(self, draws: Draws) -> tuple[NDArray[Any], NDArray[Any]]:
        bits = draws.uniform("bits", 0.0, 2.0, self.samples * self.length).astype(np.int64)
        bits = bits.reshape(self.samples, -1)
        return 2.0 * bits[:, :, None] - 1.0, np.asarray(bits.sum(axis=1) % 2)

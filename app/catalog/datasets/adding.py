"""The adding problem: two marked numbers of a long sequence."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._points import Draws
from app.catalog.datasets._sequences import MADE, MadeSequences, length_option
from app.core.reach import Reach
from app.core.text import text


class Adding(MadeSequences):
    """Every step has a number in 0…1 and a mark; two numbers are marked, one in each half: their sum is asked.

    Always saying 1 has a mean squared error of 1/6. Source: Hochreiter, Schmidhuber, Neural Computation 9, 1997.
    """

    TITLE = text("Adding problem", "加法问题")
    SUMMARY = text(
        "Random numbers, two of them marked: at the end their sum is asked. A test of long memory.",
        "一串随机数，其中两个带标记：最后要求给出二者之和。测试长期记忆的经典任务。",
    )
    DOC_ZH = (
        "每个时刻有一个 0…1 之间的数和一个标记；前后两半各有一个数带标记，目标为二者之和。\n\n"
        "始终回答 1 的均方误差为 1/6。出处：Hochreiter、Schmidhuber，1997。"
    )
    ALIASES = ("long-term dependency", "memory", "长期依赖", "记忆")
    EXAMPLES = ({"type": "adding", "length": 50},)
    TASK = "regression"
    SOURCE = f"{MADE}, after S. Hochreiter and J. Schmidhuber, 1997"

    type: Literal["adding"] = "adding"
    length: int = length_option(50, 2)

    @property
    def steps(self) -> int:
        return self.length

    @property
    def features(self) -> int:
        return 2

    @property
    def targets(self) -> int:
        return 1

    @property
    def target_reach(self) -> Reach:
        return (0.0, 2.0)

    def make(self, draws: Draws) -> tuple[NDArray[Any], NDArray[Any]]:
        count, half = self.samples, self.length // 2
        numbers = draws.uniform("numbers", 0.0, 1.0, count * self.length).reshape(count, -1)
        first = draws.uniform("first", 0.0, half, count).astype(np.int64)
        second = draws.uniform("second", half, self.length, count).astype(np.int64)
        rows = np.arange(count)
        marks = np.zeros_like(numbers)
        marks[rows, first] = marks[rows, second] = 1.0
        total = numbers[rows, first] + numbers[rows, second]
        return np.stack([numbers, marks], axis=2), total[:, None]

"""Waves whose next value is asked."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._points import Draws
from app.catalog.datasets._sequences import MADE, MadeSequences, length_option
from app.catalog.family import option
from app.core.reach import Reach
from app.core.text import text


class Waves(MadeSequences):
    """A stretch of a wave, one value a step; the value that comes next is asked.

    A sum of ``waves`` sines of random period (6 to 30 steps), phase and size, scaled into −1…1, with
    normal noise on what is seen.
    """

    TITLE = text("Waves", "波形")
    SUMMARY = text(
        "Sine waves, pure or mixed: what is the next value?",
        "单一或混合的正弦波：下一个值是多少？",
    )
    DOC_ZH = (
        "一段波形，每个时刻一个值；要求给出下一个值。\n\n"
        "由 waves 个正弦波相加而成，周期（6 至 30 个时刻）、相位与幅度随机，缩放到 −1…1，可在所见值上加正态噪声。"
    )
    ALIASES = ("sine", "forecast", "time series", "正弦", "预测", "时间序列")
    EXAMPLES = ({"type": "waves", "waves": 1}, {"type": "waves", "waves": 3, "noise": 0.05})
    TASK = "regression"
    SOURCE = MADE

    type: Literal["waves"] = "waves"
    length: int = length_option(30, 4)
    waves: int = option(
        2,
        text("waves", "波数"),
        text("Sines that are added up.", "相加的正弦波的个数。"),
        ge=1,
        le=5,
    )
    noise: float = option(
        0.0,
        text("noise", "噪声"),
        text("Spread of what is added to the values seen.", "所见值上附加噪声的标准差。"),
        ge=0.0,
        le=0.5,
    )

    @property
    def steps(self) -> int:
        return self.length

    @property
    def targets(self) -> int:
        return 1

    @property
    def target_reach(self) -> Reach:
        return (-1.0, 1.0)

    def make(self, draws: Draws) -> tuple[NDArray[Any], NDArray[Any]]:
        count, times = self.samples, np.arange(self.length + 1)
        total, sizes = np.zeros((count, self.length + 1)), np.zeros((count, 1))
        for k in range(self.waves):
            period = draws.uniform(f"period {k}", 6.0, 30.0, count)[:, None]
            phase = draws.uniform(f"phase {k}", 0.0, 2.0 * np.pi, count)[:, None]
            size = draws.uniform(f"size {k}", 0.3, 1.0, count)[:, None]
            total += size * np.sin(2.0 * np.pi * times / period + phase)
            sizes += size
        values = total / sizes
        noise = self.noise * draws.normal("noise", count * self.length).reshape(count, -1)
        return (values[:, :-1] + noise)[:, :, None], values[:, -1:]

"""Sunspots: a real series of more than 250 years whose next value is asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import SEQUENCES, Data, Dataset
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._sequences import length_option
from app.catalog.family import option
from app.core.reach import Reach
from app.core.shapes import Shape
from app.core.text import text

SCALE = 150.0
MONTHS = 3120
TRAIN_SHARE = 0.8


@lru_cache(maxsize=1)
def _months() -> NDArray[np.float32]:
    with np.load(FOLDER / "sunspots.npz", allow_pickle=False) as file:
        return np.asarray(file["values"], dtype=np.float32)


class Sunspots(Dataset):
    """Monthly means of the sunspot number since 1749: a stretch of ``length`` months, and the value
    ``ahead`` months later; 1 stands for a sunspot number of 150.

    The network learns from the first four fifths of the time and is asked about the last fifth. The
    spots come and go in about eleven years, never quite the same.
    """

    TITLE = text("Sunspots", "太阳黑子")
    SUMMARY = text(
        "A real series: how active will the sun be? Learned from 1749 on, asked about our time.",
        "真实的时间序列：太阳黑子将如何变化？从 1749 年学起，预测近代。",
    )
    DOC_ZH = (
        "自 1749 年起的黑子相对数月平均：给出 length 个月，预测其后第 ahead 个月的值；1 表示相对数 150。\n\n"
        "用前五分之四的时间学习，用最后五分之一验证。黑子以约十一年为周期起伏，但从不完全相同。"
    )
    ALIASES = ("time series", "forecast", "sun", "时间序列", "预测", "太阳")
    EXAMPLES = ({"type": "sunspots"}, {"type": "sunspots", "length": 120, "ahead": 12})
    GROUP = SEQUENCES
    KIND = "sequence"
    TASK = "regression"
    LICENCE = "public domain"
    SOURCE = "National Geophysical Data Center (PyPI statsmodels)"

    type: Literal["sunspots"] = "sunspots"
    length: int = length_option(60, 12, 240)
    ahead: int = option(
        1,
        text("months ahead", "提前月数"),
        text("How far ahead the value is that is asked for.", "要预测的值在多少个月之后。"),
        ge=1,
        le=60,
    )

    @property
    def input_shape(self) -> Shape:
        return (self.length, 1)

    @property
    def targets(self) -> int:
        return 1

    @property
    def target_reach(self) -> Reach:
        """The largest monthly mean is 253.8."""
        return (0.0, 254.0 / SCALE)

    @property
    def _first_asked(self) -> int:
        """The month from which on values are asked for in validation."""
        return int(MONTHS * TRAIN_SHARE)

    @property
    def sizes(self) -> tuple[int, int]:
        before = self.length + self.ahead - 1
        return (self._first_asked - before, MONTHS - self._first_asked)

    def load(self, root: Path) -> Data:
        values = _months() / np.float32(SCALE)
        windows = np.lib.stride_tricks.sliding_window_view(values, self.length)
        count = MONTHS - self.length - self.ahead + 1
        x = np.ascontiguousarray(windows[:count, :, None])
        y = values[self.length + self.ahead - 1 :, None]
        train = self.sizes[0]
        return Data(x[:train], y[:train], x[train:], y[train:])

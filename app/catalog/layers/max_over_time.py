"""The maximum of a sequence over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import RECURRENT, Layer, time_input
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MaxOverTime(Layer):
    """Input (T, F), output (F,): the largest value of every feature over time; its step alone gets the error.

    Of equal largest values the first wins.
    """

    TITLE = text("Max over time", "对时间取最大")
    SUMMARY = text(
        "Keeps each feature's largest value, whenever it occurred.",
        "保留各特征在所有时刻中的最大值，无论何时出现。",
    )
    DOC_ZH = "输入 (T, F)，输出 (F,)：各特征在所有时刻中的最大值；误差只传给取得最大值的时刻。\n\n最大值相等时，取最先出现的。"
    GROUP = RECURRENT
    MASKED = True
    FORMULA = Formula(
        forward=r"x_j = \max_t (x_t)_j",
        backward=r"(\delta_t)_j = \delta_j \text{ at the winner, else } 0",
    )
    ALIASES = ("max pooling over time", "temporal pooling", "时间池化", "序列")
    EXAMPLES = ({"type": "max_over_time"},)
    ID_PREFIX = "peak"
    PICTURE = "through_time"
    PASSES = True

    type: Literal["max_over_time"] = "max_over_time"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (time_input(self, inputs)[1],)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.over_time import OverTime

        return OverTime("max")

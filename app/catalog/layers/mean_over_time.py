"""The mean of a sequence over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import RECURRENT, Layer, time_input
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MeanOverTime(Layer):
    """Input (T, F), output (F,): the mean of every feature over all steps, each of which gets a T-th of the error."""

    TITLE = text("Mean over time", "对时间取平均")
    SUMMARY = text(
        "Averages all steps: every one has a say in the answer.",
        "对所有时刻取平均：每个时刻都参与作答。",
    )
    DOC_ZH = "输入 (T, F)，输出 (F,)：各特征对所有时刻的平均，每个时刻收到误差的 T 分之一。"
    GROUP = RECURRENT
    MASKED = True
    FORMULA = Formula(
        forward=r"x = \tfrac1T \sum_t x_t",
        backward=r"\delta_t = \tfrac1T\,\delta",
    )
    ALIASES = ("average over time", "temporal pooling", "时间池化", "序列")
    EXAMPLES = ({"type": "mean_over_time"},)
    ID_PREFIX = "mean"
    PICTURE = "through_time"
    PASSES = True

    type: Literal["mean_over_time"] = "mean_over_time"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (time_input(self, inputs)[1],)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.over_time import OverTime

        return OverTime("mean")

"""A picture read row by row: what turns it into a sequence for recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import RECURRENT, Fix, Layer, ShapeMismatch
from app.core.shapes import Shape, Steps, size
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Rows(Layer):
    """Lays the values out as (steps, features): a picture's rows from top to bottom; computes nothing.

    ``steps`` 0 takes one step a row of a picture, one a value of a vector, and those of a sequence: a
    sequence (channels, length) is read along its length.
    """

    TITLE = text("Row by row", "逐行读取")
    SUMMARY = text(
        "A picture becomes a sequence: each row is one step of time.",
        "图像变为序列：每一行是一个时刻。",
    )
    DOC_ZH = (
        "把值排成 (时刻, 特征)：图像的各行自上而下依次读取；不做任何计算。\n\n"
        "steps 为 0 时，图像每行一个时刻，向量每个值一个时刻；序列 (通道, 长度) 沿其长度读取。"
    )
    GROUP = RECURRENT
    TIME_FIRST = True
    FORMULA = Formula(
        forward=r"(x_t)_{cW+w} = x_{c\,t\,w}", backward=r"\delta_{c\,t\,w} = (\delta_t)_{cW+w}"
    )
    ALIASES = ("sequence", "reshape", "time steps", "序列", "时刻", "变形")
    EXAMPLES = ({"type": "rows"},)
    ID_PREFIX = "rows"
    PICTURE = "through_time"
    PASSES = True

    type: Literal["rows"] = "rows"
    steps: int = option(
        0,
        text("steps", "时刻数"),
        text("0: one step a row.", "0 表示每行一个时刻。"),
        ge=0,
        le=65536,
    )

    def _steps(self, shape: Shape) -> int:
        if self.steps:
            return self.steps
        return shape[0] if len(shape) == 1 or isinstance(shape, Steps) else shape[1]

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        values, steps = size(inputs[0]), self._steps(inputs[0])
        if values % steps:
            expected = text(f"a number of values that {steps} divides", f"可被 {steps} 整除的值数")
            raise ShapeMismatch(
                self, expected, inputs[0], Fix("set", "steps", 0, _BY_ROW), Fix("remove")
            )
        return Steps(steps, values // steps)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.over_time import Rows as Module

        return Module(self._steps(inputs[0]), turned=not isinstance(inputs[0], Steps))


_BY_ROW = text("Read one row a step", "每个时刻读取一行")

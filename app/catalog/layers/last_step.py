"""The last step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import RECURRENT, Layer, time_input
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class LastStep(Layer):
    """Input (T, F), output (F,): what the layer before says at the end; all other steps get no error.

    The backward half of a bidirectional layer has read one step only there: take the mean or the
    maximum over time instead.
    """

    TITLE = text("Last step", "末时刻")
    SUMMARY = text(
        "Keeps only the values of the last time step: one output for a whole sequence.",
        "只保留最后一个时刻的值：整个序列给出一个输出。",
    )
    DOC_ZH = (
        "输入 (T, F)，输出 (F,)：前一层在末时刻的值；其余时刻不收到误差。\n\n"
        "双向层的反向一半在此只读过一个时刻：宜改用对时间取平均或最大值。"
    )
    GROUP = RECURRENT
    MASKED = True
    FORMULA = Formula(
        forward=r"x = x_T",
        backward=r"\delta_T = \delta,\quad \delta_t = 0 \text{ for } t < T",
    )
    ALIASES = ("many to one", "final state", "末状态", "序列")
    EXAMPLES = ({"type": "last_step"},)
    ID_PREFIX = "last"
    PICTURE = "through_time"
    PASSES = True

    type: Literal["last_step"] = "last_step"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (time_input(self, inputs)[1],)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.over_time import OverTime

        return OverTime("last")

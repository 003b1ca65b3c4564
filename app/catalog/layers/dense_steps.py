"""Fully connected at every step of time, with shared weights."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer, DefaultInitializer
from app.catalog.layers._base import RECURRENT, time_input
from app.catalog.layers._dense import FullyConnected
from app.core.shapes import Shape, Steps
from app.core.text import text


class DenseSteps(FullyConnected):
    """The same fully connected layer at every step: oₜ = V sₜ + c. Input (T, F), output (T, units)."""

    TITLE = text("Dense per step", "逐时刻全连接")
    SUMMARY = text(
        "One dense layer for all time steps: an output, or another width, at every time step.",
        "所有时刻共用一个全连接层：每个时刻给出一个输出，或改变宽度。",
    )
    DOC_ZH = "每个时刻共用同一个全连接层：oₜ = V sₜ + c。输入 (T, F)，输出 (T, units)。"
    GROUP = RECURRENT
    TIME_FIRST = True
    BY_STEP = True
    FORMULA = Formula(
        forward=r"o_t = V s_t + c",
        backward=r"\frac{\partial E}{\partial s_t} = V^{\mathsf T}\delta_t"
        r",\quad \frac{\partial E}{\partial V} = \sum_t \delta_t s_t^{\mathsf T}"
        r",\quad \frac{\partial E}{\partial c} = \sum_t \delta_t",
    )
    ALIASES = ("time-distributed", "TimeDistributed", "linear", "权值共享", "序列")
    EXAMPLES = ({"type": "dense_steps", "units": 16},)
    ID_PREFIX = "fct"
    PICTURE = "through_time"

    type: Literal["dense_steps"] = "dense_steps"
    units: int = option(
        16,
        text("units", "单元数"),
        text("Outputs at every step.", "每个时刻的输出数。"),
        ge=1,
        le=8192,
    )
    bias: bool = option(
        True,
        text("bias", "偏置"),
        text("Add one trainable number per unit.", "每个单元加一个可训练的数。"),
    )
    init: AnyInitializer = option(
        DefaultInitializer(),
        text("initial weights", "权值初始化"),
        text("How the weights start.", "权值的初始值。"),
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Steps(time_input(self, inputs)[0], self.units)

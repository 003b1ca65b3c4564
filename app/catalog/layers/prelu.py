"""Parametric ReLU: a leaky ReLU that learns its own slope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.layers._activation import Activation
from app.catalog.layers._base import Parameter
from app.catalog.plot import Reals
from app.core.reach import ANY, Reach
from app.core.shapes import Shape, Steps, channels_of
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Prelu(Activation):
    """max(0, u) + a·min(0, u) with one trainable a per map or unit, or one for all.

    Input (channels, …) or (steps, features), the same shape out. Source: He et al., ICCV 2015.
    """

    TITLE = text("Parametric ReLU", "参数化 ReLU")
    SUMMARY = text(
        "A leaky ReLU whose slope for negative values is learned like any other weight.",
        "负值一侧的斜率也像权值一样由训练得到的 ReLU。",
    )
    DOC_ZH = (
        "max(0, u) + a·min(0, u)，每张图（或单元）一个可训练的 a，或全层共用一个。\n\n"
        "输入 (channels, …) 或 (时刻, 特征)，输出形状相同。出处：He 等，ICCV 2015。"
    )
    FORMULA = Formula(
        forward=r"\varphi(u)=\max(0,u)+a\min(0,u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad"
        r" \frac{\partial E}{\partial a} = \sum \delta_x \circ \min(0,u)",
    )
    ALIASES = ("激活函数", "PReLU", "parametric rectifier", "激励函数")
    EXAMPLES = ({"type": "prelu"},)
    ID_PREFIX = "prelu"
    PLOT_NOTE = text("Drawn with the first slope.", "按初始斜率绘制。")

    type: Literal["prelu"] = "prelu"
    shared: bool = option(
        False,
        text("one slope for all", "共用斜率"),
        text(
            "One slope for the whole layer instead of one per map.",
            "整层共用一个斜率，而非每张特征图一个。",
        ),
    )
    start: float = option(
        0.25,
        text("first slope", "初始斜率"),
        text("Where the slopes start.", "斜率的初始值。"),
        ge=-1.0,
        le=1.0,
    )

    def _slopes(self, inputs: tuple[Shape, ...]) -> int:
        return 1 if self.shared else channels_of(inputs[0])

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        return (Parameter(name="weight", shape=(self._slopes(inputs),)),)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        return f"{self._slopes(inputs)} = {self._slopes(inputs)}"

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        """The slope below 0 may become any."""
        return ANY if reaches[0][0] < 0.0 else reaches[0]

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        return np.where(u > 0.0, u, self.start * u), np.where(u > 0.0, 1.0, self.start)

    def gain(self) -> float:
        return float((2.0 / (1.0 + self.start**2)) ** 0.5)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import StepsPrelu

        kind = StepsPrelu if isinstance(inputs[0], Steps) and not self.shared else nn.PReLU
        return kind(self._slopes(inputs), self.start)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        import torch

        with torch.no_grad():
            module.get_parameter("weight").fill_(self.start)

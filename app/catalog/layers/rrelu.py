"""Randomized leaky ReLU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Rrelu(Activation):
    """max(0, u) + a·min(0, u), a drawn per value while training, its mean in evaluation.

    Any shape in, the same shape out. Source: Xu et al., 2015.
    """

    TITLE = text("Randomized ReLU", "随机化 ReLU")
    SUMMARY = text(
        "A leaky ReLU whose slope is drawn anew for every value at every training step.",
        "每个训练步为每个值重新抽取负半轴斜率的 ReLU。",
    )
    DOC_ZH = (
        "max(0, u) + a·min(0, u)，训练时为每个值抽取 a，推理时取其平均。\n\n"
        "输入输出形状相同。出处：Xu 等，2015。"
    )
    FORMULA = Formula(
        forward=r"\varphi(u)=\max(0,u)+a\min(0,u),\quad a \sim U(l, h)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=1\ (u>0),\ a\ (u\le 0)",
    )
    ALIASES = (
        "激活函数",
        "RReLU",
        "randomised",
        "激励函数",
    )
    EXAMPLES = ({"type": "rrelu"},)
    ID_PREFIX = "rrelu"
    PLOT_NOTE = text(
        "Drawn with the mean slope, as in evaluation.", "按平均斜率绘制（与推理时相同）。"
    )
    LIVE = frozenset({"lower", "upper"})

    type: Literal["rrelu"] = "rrelu"
    lower: float = option(
        0.125,
        text("lowest slope", "最小斜率"),
        text("Lower end of the draw.", "抽取范围的下限。"),
        ge=0.0,
        le=1.0,
    )
    upper: float = option(
        0.333,
        text("highest slope", "最大斜率"),
        text("Upper end of the draw.", "抽取范围的上限。"),
        ge=0.0,
        le=1.0,
    )

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        slope = (self.lower + self.upper) / 2.0
        return np.where(u > 0.0, u, slope * u), np.where(u > 0.0, 1.0, slope)

    def gain(self) -> float:
        return float((2.0 / (1.0 + ((self.lower + self.upper) / 2.0) ** 2)) ** 0.5)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.rrelu import RandomizedRelu as Module

        return Module(self.lower, self.upper)

"""Randomized leaky ReLU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import ACTIVATION, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Rrelu(Layer):
    """max(0, u) + a·min(0, u), a drawn per value while training, its mean when evaluating.

    Any shape in, the same shape out. Source: Xu et al., 2015.
    """

    TITLE = text("Randomized ReLU", "随机化 ReLU")
    SUMMARY = text(
        "A leaky ReLU whose slope is drawn anew for every value at every training step.",
        "每个训练步为每个值重新抽取负半轴斜率的 ReLU。",
    )
    GROUP = ACTIVATION
    FORMULA = Formula(
        forward=r"\varphi(u)=\max(0,u)+a\min(0,u),\quad a \sim U(l, h)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=1\ (u>0),\ a\ (u\le 0)",
    )
    ALIASES = (
        "RReLU",
        "randomised",
        "激励函数",
    )
    EXAMPLES = ({"type": "rrelu"},)
    ID_PREFIX = "rrelu"
    POINTWISE = True
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

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.engine.modules.rrelu import RandomizedRelu as Module

        return Module(self.lower, self.upper)

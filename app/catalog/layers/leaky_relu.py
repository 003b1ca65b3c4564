"""Leaky ReLU activation."""

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


class LeakyRelu(Activation):
    """max(u, a·u) of every value; any shape in, the same shape out. Source: Maas et al., ICML 2013."""

    TITLE = text("Leaky ReLU", "带泄漏的 ReLU")
    SUMMARY = text(
        "Like ReLU, but lets a little of what is negative through: no unit dies for good.",
        "类似 ReLU，但让负值也通过一小部分：单元不会永久死亡。",
    )
    DOC_ZH = "逐值取 max(u, a·u)；输入输出形状相同。出处：Maas 等，ICML 2013。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\max(0,u)+a\min(0,u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=1\ (u>0),\ a\ (u\le 0)",
    )
    ALIASES = (
        "Leakly ReLU",
        "激活函数",
        "rectifier",
        "激励函数",
    )
    EXAMPLES = ({"type": "leaky_relu"},)
    ID_PREFIX = "lrelu"

    type: Literal["leaky_relu"] = "leaky_relu"
    slope: float = option(
        0.01,
        text("slope a", "斜率 a"),
        text("Slope for negative values.", "负值一侧的斜率。"),
        ge=0.0,
        le=1.0,
    )

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        return np.where(u > 0.0, u, self.slope * u), np.where(u > 0.0, 1.0, self.slope)

    def gain(self) -> float:
        return float((2.0 / (1.0 + self.slope**2)) ** 0.5)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.LeakyReLU(self.slope)

"""ELU activation."""

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


class Elu(Activation):
    """u above 0, a(eᵘ−1) below; any shape in, the same shape out. Source: Clevert et al., ICLR 2016."""

    TITLE = text("ELU", "ELU（指数线性单元）")
    SUMMARY = text(
        "Linear above zero, bends smoothly towards −a below: its mean stays near zero.",
        "正值线性，负值平滑地趋向 −a：输出均值接近零。",
    )
    DOC_ZH = "u 大于 0 时为 u，否则为 a(eᵘ−1)；输入输出形状相同。出处：Clevert 等，ICLR 2016。"
    FORMULA = Formula(
        forward=r"\varphi(u)=u\ (u>0),\ a(e^u-1)\ (u\le 0)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=1\ (u>0),\ a e^u\ (u\le 0)",
    )
    ALIASES = (
        "激活函数",
        "exponential linear unit",
        "激励函数",
    )
    EXAMPLES = ({"type": "elu"},)
    ID_PREFIX = "elu"

    type: Literal["elu"] = "elu"
    alpha: float = option(
        1.0,
        text("a", "a"),
        text("Where negative values saturate: at −a.", "负值饱和于 −a。"),
        ge=0.0,
        le=10.0,
    )

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        below = np.minimum(u, 0.0)
        value = np.where(u > 0.0, u, self.alpha * np.expm1(below))
        return value, np.where(u > 0.0, 1.0, self.alpha * np.exp(below))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.ELU(self.alpha)

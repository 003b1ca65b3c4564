"""Scaled tanh activation, the squashing function of LeNet-5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals
from app.core.numbers import TINY
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class ScaledTanh(Activation):
    """A·tanh(S·u) of every value; any shape in, the same shape out.

    With A = 1.7159 and S = 2/3, φ(±1) = ±1 and the curvature is largest there. Source: LeCun et al.,
    Gradient-based learning applied to document recognition, 1998, appendix A.
    """

    TITLE = text("Scaled tanh", "缩放双曲正切")
    SUMMARY = text(
        "The tanh of 1998, stretched so that −1 and 1 are left where they are, far from saturation.",
        "1998 年所用的双曲正切：经过拉伸，−1 与 1 保持原值，远离饱和区。",
    )
    DOC_ZH = (
        "逐值取 A·tanh(S·u)；输入输出形状相同。\n\n"
        "取 A = 1.7159、S = 2/3 时 φ(±1) = ±1，且该处曲率最大。出处：LeCun 等，"
        "《基于梯度的学习在文档识别中的应用》，1998 年，附录 A。"
    )
    FORMULA = Formula(
        forward=r"\varphi(u)=A\tanh(S u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad"
        r" \varphi'(u)=A S\,(1-\tanh^2(S u))",
    )
    ALIASES = ("激活函数", "LeNet", "LeCun 1998", "hyperbolic tangent", "激励函数")
    EXAMPLES = ({"type": "scaled_tanh"},)
    ID_PREFIX = "stanh"

    type: Literal["scaled_tanh"] = "scaled_tanh"
    amplitude: float = option(
        1.7159,
        text("amplitude A", "幅值 A"),
        text("The largest output.", "输出的最大值。"),
        ge=TINY,
        le=100.0,
    )
    slope: float = option(
        2 / 3,
        text("scale S", "缩放 S"),
        text("Stretches the input; the slope at zero is A·S.", "对输入的缩放；零点处导数为 A·S。"),
        ge=TINY,
        le=100.0,
    )

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        t = np.tanh(self.slope * u)
        return self.amplitude * t, self.amplitude * self.slope * (1.0 - t**2)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.scaled_tanh import ScaledTanh as Module

        return Module(self.amplitude, self.slope)

"""Sigmoid activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, sigmoid
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Sigmoid(Activation):
    """Sigmoid of every value; any shape in, the same shape out."""

    TITLE = text("Sigmoid", "Sigmoid 函数")
    SUMMARY = text(
        "Squashes every value into 0…1. Its slope is at most ¼: through many layers the gradient vanishes.",
        "把每个值压到 0…1 之间。导数最大为 ¼：层数一多梯度就会消失。",
    )
    DOC_ZH = "逐值取 sigmoid；输入输出形状相同。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\frac{1}{1+e^{-u}}",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\varphi(u)\,(1-\varphi(u))",
    )
    ALIASES = ("S 型函数", "激活函数", "logistic", "梯度消失", "激励函数")
    EXAMPLES = ({"type": "sigmoid"},)
    ID_PREFIX = "sigm"
    GAIN = 1.0

    type: Literal["sigmoid"] = "sigmoid"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        s = sigmoid(u)
        return s, s * (1.0 - s)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Sigmoid()

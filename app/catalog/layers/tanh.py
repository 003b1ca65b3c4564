"""Tanh activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Tanh(Activation):
    """Tanh of every value; any shape in, the same shape out."""

    TITLE = text("Tanh", "Tanh（双曲正切）")
    SUMMARY = text(
        "Squashes every value into −1…1, centred on zero.",
        "把每个值压到 −1…1 之间，以零为中心。",
    )
    DOC_ZH = "逐值取双曲正切；输入输出形状相同。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\tanh u",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=1-\varphi(u)^2",
    )
    ALIASES = ("激活函数", "hyperbolic tangent", "激励函数")
    EXAMPLES = ({"type": "tanh"},)
    ID_PREFIX = "tanh"
    GAIN = 5.0 / 3.0

    type: Literal["tanh"] = "tanh"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        t = np.tanh(u)
        return t, 1.0 - t**2

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Tanh()

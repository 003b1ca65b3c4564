"""SELU activation."""

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

SCALE = 1.0507009873554804934193349852946
ALPHA = 1.6732632423543772848170429916717


class Selu(Activation):
    """Scaled ELU with the constants that keep mean 0 and variance 1. Source: Klambauer et al., NeurIPS 2017."""

    TITLE = text("SELU", "SELU（缩放指数线性单元）")
    SUMMARY = text(
        "ELU with two constants chosen so that signals keep mean 0 and variance 1 from layer to layer.",
        "取特定常数的 ELU，使信号逐层保持均值 0、方差 1。",
    )
    DOC_ZH = "带缩放的 ELU，其常数使均值保持 0、方差保持 1。出处：Klambauer 等，NeurIPS 2017。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\lambda\,(u\ (u>0),\ a(e^u-1)\ (u\le 0)),\ \lambda\approx 1.0507,\ a\approx 1.6733",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\lambda\ (u>0),\ \lambda a e^u\ (u\le 0)",
    )
    ALIASES = (
        "缩放 ELU",
        "激活函数",
        "self-normalizing",
        "激励函数",
    )
    EXAMPLES = ({"type": "selu"},)
    ID_PREFIX = "selu"
    GAIN = 0.75

    type: Literal["selu"] = "selu"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        below = np.minimum(u, 0.0)
        value = SCALE * np.where(u > 0.0, u, ALPHA * np.expm1(below))
        return value, SCALE * np.where(u > 0.0, 1.0, ALPHA * np.exp(below))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.SELU()

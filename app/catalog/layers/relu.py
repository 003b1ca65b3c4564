"""ReLU activation."""

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


class ReLU(Activation):
    """ReLU of every value; any shape in, the same shape out."""

    TITLE = text("ReLU", "ReLU（修正线性单元）")
    SUMMARY = text(
        "Passes what is positive and sets the rest to 0. Its slope is 1 where u is positive, so φ′ does not shrink the gradient there.",
        "正值通过，其余置零。u 为正处导数为 1，φ′ 不会使那里的梯度缩小。",
    )
    DOC_ZH = "逐值取 ReLU；输入输出形状相同。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\max(0,u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=[u>0]",
    )
    ALIASES = ("激活函数", "rectifier", "激励函数")
    EXAMPLES = ({"type": "relu"},)
    ID_PREFIX = "relu"
    GAIN = 2.0**0.5

    type: Literal["relu"] = "relu"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        return np.maximum(u, 0.0), np.where(u > 0.0, 1.0, 0.0)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.ReLU()

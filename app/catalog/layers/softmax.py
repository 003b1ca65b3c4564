"""Softmax over the channels or features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, sigmoid
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Softmax(Activation):
    """Positive values that sum to 1 along the first axis; the same shape out."""

    TITLE = text("Softmax", "Softmax")
    SUMMARY = text(
        "Turns scores into shares that sum to one. Cross-entropy already has it inside.",
        "把得分变为总和为一的份额。交叉熵损失中已包含它。",
    )
    DOC_ZH = "沿第一个轴总和为 1 的正值；输出形状与输入相同。"
    FORMULA = Formula(
        forward=r"y_k = \frac{e^{u_k}}{\sum_j e^{u_j}}",
        backward=r"\delta_{u_k} = y_k\,(\delta_k - \sum_j \delta_j y_j)",
    )
    ALIASES = (
        "probability",
        "激励函数",
        "概率",
    )
    EXAMPLES = ({"type": "softmax"},)
    ID_PREFIX = "softmax"
    BY_STEP = False
    GAIN = 1.0
    POINTWISE = False
    PLOT_NOTE = text(
        "The first of two outputs; the input of the other is 0.",
        "两个输出中的第一个；另一个的输入为 0。",
    )

    type: Literal["softmax"] = "softmax"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        s = sigmoid(u)
        return s, s * (1.0 - s)

    def case(self, u: Reals) -> Reals:
        return np.stack([u, np.zeros_like(u)], axis=1)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Softmax(dim=1)

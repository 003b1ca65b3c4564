"""Softmax over the channels or features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, sigmoid
from app.core.reach import Reach
from app.core.shapes import Shape, channel_axis, channels_of
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Softmax(Activation):
    """Positive values that sum to 1 over the channels of a place, the features of a step; the same shape out."""

    TITLE = text("Softmax", "Softmax")
    SUMMARY = text(
        "Turns scores into shares that sum to one. Cross-entropy already has it inside.",
        "把得分变为总和为一的份额。交叉熵损失中已包含它。",
    )
    DOC_ZH = "正值，在每个位置的各通道、每个时刻的各特征上总和为 1；输出形状与输入相同。"
    FORMULA = Formula(
        forward=r"y_k = \frac{e^{u_k}}{\sum_j e^{u_j}}",
        backward=r"\delta_{u_k} = y_k\,(\delta_k - \sum_j \delta_j y_j)",
    )
    ALIASES = (
        "激活函数",
        "probability",
        "激励函数",
        "概率",
    )
    EXAMPLES = ({"type": "softmax"},)
    ID_PREFIX = "softmax"
    GAIN = 1.0
    POINTWISE = False
    PLOT_NOTE = text(
        "The first of two outputs; the input of the other is 0.",
        "两个输出中的第一个；另一个的输入为 0。",
    )

    type: Literal["softmax"] = "softmax"

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        """Shares of one are 1."""
        return (1.0, 1.0) if channels_of(inputs[0]) == 1 else (0.0, 1.0)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        s = sigmoid(u)
        return s, s * (1.0 - s)

    def case(self, u: Reals) -> Reals:
        return np.stack([u, np.zeros_like(u)], axis=1)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Softmax(dim=1 + channel_axis(inputs[0]))

"""Softmax over the channels or features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import ACTIVATION, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Softmax(Layer):
    """Positive values that sum to 1 along the first axis; the same shape out."""

    TITLE = text("Softmax", "Softmax")
    SUMMARY = text(
        "Turns scores into shares that sum to one. Cross-entropy already has it inside.",
        "把得分变为总和为一的份额。交叉熵损失中已包含它。",
    )
    GROUP = ACTIVATION
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

    type: Literal["softmax"] = "softmax"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Softmax(dim=1)

"""Stochastic pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import POOLING, Layer, Window, image_input
from app.catalog.layers._pool import blocks
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class StochasticPool2d(Layer):
    """Draws one cell of every block, by its share of the block; takes the weighted mean in evaluation.

    Input (C, H, W), output (C, ⌊H/n⌋, ⌊W/n⌋). Source: Zeiler and Fergus, ICLR 2013.
    """

    TITLE = text("Stochastic pool", "随机池化")
    SUMMARY = text(
        "Draws one cell of every block while training, strong ones more often; in evaluation it averages by strength.",
        "训练时按强弱随机抽取每块中的一格，推理时按强弱加权平均。",
    )
    DOC_ZH = (
        "训练时在每块中按各格所占份额抽取一格；推理时取按份额加权的平均。\n\n"
        "输入 (C, H, W)，输出 (C, ⌊H/n⌋, ⌊W/n⌋)。出处：Zeiler 与 Fergus，ICLR 2013。"
    )
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x = a_s,\quad s \sim p,\quad p_i = \frac{\max(0,a_i)}{\sum_k \max(0,a_k)}",
        backward=r"\delta_i = [i = s]\;\delta",
    )
    ALIASES = (
        "sampling",
        "池化层",
    )
    EXAMPLES = ({"type": "stochastic_pool"},)
    ID_PREFIX = "spool"
    WINDOW = Window(size="size")
    PASSES = True

    type: Literal["stochastic_pool"] = "stochastic_pool"
    size: int = option(
        2, text("size", "窗口边长"), text("Side of the block.", "方块边长。"), ge=1, le=16
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return blocks(self, image_input(self, inputs), self.size, self.size)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.stochastic_pool import StochasticPool as Module

        return Module(self.size)

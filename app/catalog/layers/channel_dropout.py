"""Dropout of whole maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Layer
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch


class ChannelDropout(Layer):
    """Zeroes whole maps with probability ``rate`` while training, scales the rest by 1/(1−rate).

    Input (C, …), the same out; of a sequence (T, F) whole features, at all steps. Source: Tompson et al., CVPR 2015.
    """

    TITLE = text("Channel dropout", "通道失活")
    SUMMARY = text(
        "Silences whole maps at random: neighbouring cells say much the same, so dropping one is too little.",
        "随机让整张特征图归零：相邻格信息相近，只丢一格作用太小。",
    )
    DOC_ZH = (
        "训练时以概率 rate 将整张特征图置零，其余乘以 1/(1−rate)。\n\n"
        "输入 (C, …)，输出形状相同；对序列 (T, F)，将整个特征在所有时刻置零。出处：Tompson 等，CVPR 2015。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x_c = \frac{m_c\,u_c}{1-p},\quad m_c \sim \mathrm{Bernoulli}(1-p)",
        backward=r"\delta_{u_c} = \frac{m_c\,\delta_c}{1-p}",
    )
    ALIASES = (
        "dropout2d",
        "spatial dropout",
        "过拟合",
    )
    EXAMPLES = ({"type": "channel_dropout"},)
    ID_PREFIX = "cdrop"
    PASSES = True
    LIVE = frozenset({"rate"})

    type: Literal["channel_dropout"] = "channel_dropout"
    rate: float = option(
        0.2,
        text("rate", "失活率"),
        text("Share of the maps that is silenced.", "被置零的特征图比例。"),
        ge=0.0,
        le=0.95,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.dropout import ChannelDropout as Module
        from app.nn.steps import StepsChannelDropout

        kind = StepsChannelDropout if isinstance(inputs[0], Steps) else Module
        return kind(self.rate)

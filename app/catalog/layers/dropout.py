"""Dropout with draws that belong to a run's seed, step and node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Dropout(Layer):
    """Zeroes each value with probability ``rate`` while training and scales the rest by 1/(1−rate).

    Any shape in, the same out. Source: Srivastava et al., JMLR 15, 2014.
    """

    TITLE = text("Dropout", "随机失活")
    SUMMARY = text(
        "Silences a random share of the values at every training step, so that no unit relies on another.",
        "每个训练步随机让一部分值归零，使单元之间不互相依赖。",
    )
    DOC_ZH = (
        "训练时以概率 rate 将每个值置零，其余乘以 1/(1−rate)。\n\n"
        "输入输出形状相同。出处：Srivastava 等，JMLR 15，2014。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x = \frac{m \circ u}{1-p},\quad m \sim \mathrm{Bernoulli}(1-p)",
        backward=r"\delta_u = \frac{m \circ \delta_x}{1-p}",
    )
    ALIASES = ("暂退法", "丢弃法", "regularization", "over-fitting", "过拟合")
    EXAMPLES = ({"type": "dropout", "rate": 0.5},)
    ID_PREFIX = "drop"
    PASSES = True
    POINTWISE = True
    BY_STEP = True
    LIVE = frozenset({"rate"})

    type: Literal["dropout"] = "dropout"
    rate: float = option(
        0.5,
        text("rate", "失活率"),
        text("Share of the values that is silenced.", "被置零的比例。"),
        ge=0.0,
        le=0.95,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.dropout import SeededDropout

        return SeededDropout(self.rate)

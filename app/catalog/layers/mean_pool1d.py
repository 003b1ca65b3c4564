"""Mean pooling by blocks of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import POOLING
from app.catalog.layers._pool import Pool1d
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MeanPool1d(Pool1d):
    """Mean of every stretch of ``size`` values; the sensitivity is spread evenly over it.

    Input (C, L), output (C, L′); a sequence (T, F) becomes (T′, F), and zeros are read behind its end.
    """

    TITLE = text("Mean pool 1d", "一维平均池化")
    SUMMARY = text("Keeps the mean of every stretch of a sequence.", "保留序列每一段的平均值。")
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_j = \frac{1}{n}\sum_{u\in\text{block}} x_{u}",
        backward=r"\delta^{\ell} = \tfrac{1}{n}\,\mathrm{up}(\delta^{\ell+1})",
    )
    DOC_ZH = "取每段 size 个值的平均；灵敏度平均分给这一段。\n\n输入 (C, L)，输出 (C, L′)；序列 (T, F) 变为 (T′, F)，其结尾之后读作零。"
    ALIASES = ("average pooling", "池化层", "序列")
    EXAMPLES = ({"type": "mean_pool1d", "size": 2, "stride": 2},)

    type: Literal["mean_pool1d"] = "mean_pool1d"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import StepsAvgPool1d

        kind = StepsAvgPool1d if isinstance(inputs[0], Steps) else nn.AvgPool1d
        return kind(self.size, self.stride)

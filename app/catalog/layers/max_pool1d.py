"""Max pooling by blocks of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import POOLING, Window
from app.catalog.layers._pool import Pool1d
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MaxPool1d(Pool1d):
    """Maximum of every stretch of ``size`` values; the sensitivity goes to the winner alone.

    Input (C, L), output (C, L′); a sequence (T, F) becomes (T′, F), and zeros are read behind its end.
    """

    TITLE = text("Max pool 1d", "一维最大池化")
    SUMMARY = text(
        "Keeps the largest value of every stretch of a sequence.", "保留序列每一段中的最大值。"
    )
    DOC_ZH = "取每段 size 个值中的最大者；灵敏度只传给最大的那个值。\n\n输入 (C, L)，输出 (C, L′)；序列 (T, F) 变为 (T′, F)，其结尾之后读作零。"
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_j = \max_{u\in\text{block}} x_{u}",
        backward=r"\delta^{\ell} = m \circ \mathrm{up}(\delta^{\ell+1})",
    )
    ALIASES = ("max pooling", "池化层", "序列")
    EXAMPLES = ({"type": "max_pool1d", "size": 2, "stride": 2},)
    WINDOW = Window(size="size", stride="stride", winner=True)

    type: Literal["max_pool1d"] = "max_pool1d"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import StepsMaxPool1d

        kind = StepsMaxPool1d if isinstance(inputs[0], Steps) else nn.MaxPool1d
        return kind(self.size, self.stride)

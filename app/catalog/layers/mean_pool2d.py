"""Mean pooling over square blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import POOLING
from app.catalog.layers._pool import Pool
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MeanPool2d(Pool):
    """Mean of every block; the sensitivity is spread evenly over it."""

    TITLE = text("Mean pool", "平均池化")
    SUMMARY = text(
        "Keeps the mean of every block: a smaller, smoother picture.",
        "每块保留平均值：得到更小、更平滑的图像。",
    )
    DOC_ZH = "取每块的平均值；灵敏度平均分给整块。"
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_j = \frac{1}{n^2}\sum_{(u,v)\in\text{block}} x_{uv}",
        backward=r"\delta^{\ell} = \tfrac{1}{n^2}\,\mathrm{up}(\delta^{\ell+1})",
    )
    ALIASES = (
        "均值池化",
        "average pool",
        "降采样",
        "average pooling",
        "mean pooling",
        "池化层",
        "下采样",
        "sub-sampling",
    )
    EXAMPLES = ({"type": "mean_pool2d", "size": 2, "stride": 2},)

    type: Literal["mean_pool2d"] = "mean_pool2d"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.AvgPool2d(self.size, self.stride)

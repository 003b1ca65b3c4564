"""Global mean pooling: one number a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import POOLING, Layer, map_input
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch


class GlobalMeanPool(Layer):
    """Mean of every map. Input (C, H, W) or (C, L), output (C,); of a sequence (T, F) the mean over time, (F,). Source: Lin et al., Network in Network, 2014."""

    TITLE = text("Global mean pool", "全局平均池化")
    SUMMARY = text(
        "Turns every map into its mean: no weights, any picture size.",
        "每张特征图取平均值：没有权值，图像大小不限。",
    )
    DOC_ZH = "每张特征图取平均。输入 (C, H, W) 或 (C, L)，输出 (C,)；序列 (T, F) 则对时间取平均，输出 (F,)。出处：Lin 等，Network in Network，2014。"
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_c = \frac{1}{HW}\sum_{h,w} x_{chw}",
        backward=r"\delta_{chw} = \frac{1}{HW}\,\delta_c",
    )
    ALIASES = (
        "gap",
        "global average pooling",
        "池化层",
    )
    EXAMPLES = ({"type": "global_mean_pool"},)
    ID_PREFIX = "gap"
    PASSES = True
    MASKED = True

    type: Literal["global_mean_pool"] = "global_mean_pool"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (map_input(self, inputs)[0],)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.over_time import OverTime

        if isinstance(inputs[0], Steps):
            return OverTime("mean")
        mean = nn.AdaptiveAvgPool1d(1) if len(inputs[0]) == 2 else nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(mean, nn.Flatten())

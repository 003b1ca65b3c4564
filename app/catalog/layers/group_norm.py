"""Group normalisation."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Fix, Layer, Parameter, ShapeMismatch
from app.core.shapes import Shape, Steps, channels_of, size
from app.core.text import text

if TYPE_CHECKING:
    import torch


class GroupNorm(Layer):
    """Mean 0 and variance 1 over each group of maps of one sample, then a scale and shift a map.

    Input (C, …), C a multiple of groups, more than one value a group; the same shape out. Of a sequence
    (T, F) the features are grouped, over all its steps; what comes behind its end is left out.
    Source: Wu and He, ECCV 2018.
    """

    TITLE = text("Group norm", "组归一化")
    SUMMARY = text(
        "Recentres and rescales groups of maps of one sample; works with tiny batches.",
        "对单个样本的各组特征图重新居中与缩放；批量很小也可用。",
    )
    DOC_ZH = (
        "使单个样本的每组特征图均值为 0、方差为 1，再逐图缩放与平移。\n\n"
        "输入 (C, …)，C 为组数的倍数，每组不止一个值；输出形状相同。对序列 (T, F)，将特征分组，"
        "在其全部时刻上归一化；序列结尾之后的部分不计入。出处：Wu 与 He，ECCV 2018。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x = \gamma\,\frac{u-\mu_G}{\sqrt{\sigma_G^2+\epsilon}} + \beta",
        backward=r"\delta_u = \frac{1}{\sqrt{\sigma_G^2+\epsilon}}\left(\gamma\delta - \overline{\gamma\delta} - \hat u\,\overline{\gamma\delta\,\hat u}\right)",
    )
    ALIASES = (
        "normalisation",
        "归一化",
    )
    EXAMPLES = ({"type": "group_norm"},)
    ID_PREFIX = "gn"
    MASKED = True

    type: Literal["group_norm"] = "group_norm"
    groups: int = option(
        2,
        text("groups", "组数"),
        text("Groups the maps are cut into.", "特征图分成的组数。"),
        ge=1,
        le=256,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, values = channels_of(inputs[0]), size(inputs[0])
        if channels % self.groups == 0 and values > self.groups:
            return inputs[0]
        expected = text(
            f"a multiple of {self.groups} channels, and more than one value a group",
            f"通道数为 {self.groups} 的倍数，且每组不止一个值",
        )
        fits = (
            g for g in range(min(self.groups, channels, values - 1), 0, -1) if channels % g == 0
        )
        fixes = [Fix("set", "groups", g) for g in islice(fits, 1)]
        raise ShapeMismatch(self, expected, inputs[0], *fixes, Fix("remove"))

    def averaged(self, inputs: tuple[Shape, ...], batch: int) -> int:
        return size(inputs[0]) // self.groups

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        size = (channels_of(inputs[0]),)
        return Parameter(name="weight", shape=size), Parameter(name="bias", shape=size)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        channels = channels_of(inputs[0])
        return f"2×{channels} = {2 * channels}"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.group_norm import GroupNorm
        from app.nn.steps import StepsGroupNorm

        kind = StepsGroupNorm if isinstance(inputs[0], Steps) else GroupNorm
        return kind(self.groups, channels_of(inputs[0]))

"""Layer normalisation over all values of one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import REGULARISATION, Layer, Parameter
from app.core.shapes import Shape, Steps, size
from app.core.text import text

if TYPE_CHECKING:
    import torch


class LayerNorm(Layer):
    """Mean 0 and variance 1 over one sample's values, then a trainable scale and shift of each.

    Any shape in, the same out. Of a sequence (T, F) these are the values of all its steps; what comes
    behind its end is left out. Source: Ba et al., 2016.
    """

    TITLE = text("Layer norm", "层归一化")
    SUMMARY = text(
        "Recentres and rescales all values of one sample; needs no batch.",
        "对单个样本的全部值重新居中与缩放；不依赖批次。",
    )
    DOC_ZH = (
        "使单个样本的全部值均值为 0、方差为 1，再对每个值做可训练的缩放与平移。\n\n"
        "输入输出形状相同。对序列 (T, F)，即其全部时刻的值；序列结尾之后的部分不计入。出处：Ba 等，2016。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x = \gamma\circ\frac{u-\mu}{\sqrt{\sigma^2+\epsilon}} + \beta",
        backward=r"\delta_u = \frac{1}{\sqrt{\sigma^2+\epsilon}}\left(\gamma\delta - \overline{\gamma\delta} - \hat u\,\overline{\gamma\delta\,\hat u}\right)",
    )
    ALIASES = (
        "normalisation",
        "归一化",
    )
    EXAMPLES = ({"type": "layer_norm"},)
    ID_PREFIX = "ln"
    MASKED = True

    type: Literal["layer_norm"] = "layer_norm"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def averaged(self, inputs: tuple[Shape, ...], batch: int) -> int:
        return size(inputs[0])

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        return Parameter(name="weight", shape=inputs[0]), Parameter(name="bias", shape=inputs[0])

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        return f"2×{size(inputs[0])} = {2 * size(inputs[0])}"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import StepsLayerNorm

        kind = StepsLayerNorm if isinstance(inputs[0], Steps) else nn.LayerNorm
        return kind(list(inputs[0]))

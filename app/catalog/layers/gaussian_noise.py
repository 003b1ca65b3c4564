"""Additive Gaussian noise while training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class GaussianNoise(Layer):
    """Adds N(0, std²) to every value while training; nothing in evaluation. Any shape, the same out."""

    TITLE = text("Gaussian noise", "高斯噪声")
    SUMMARY = text(
        "Shakes every value a little at each training step, so that the network cannot learn it by heart.",
        "每个训练步给每个值加一点扰动，使网络无法死记硬背。",
    )
    DOC_ZH = "训练时给每个值加上 N(0, std²) 的噪声，推理时不加。输入输出形状相同。"
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x = u + \varepsilon,\quad \varepsilon \sim N(0, \sigma^2)",
        backward=r"\delta_u = \delta_x",
    )
    ALIASES = (
        "noise",
        "regularization",
        "过拟合",
    )
    EXAMPLES = ({"type": "gaussian_noise"},)
    ID_PREFIX = "noise"
    PASSES = True
    POINTWISE = True
    BY_STEP = True
    LIVE = frozenset({"std"})

    type: Literal["gaussian_noise"] = "gaussian_noise"
    std: float = option(
        0.1,
        text("σ", "σ"),
        text("Standard deviation of the noise.", "噪声的标准差。"),
        ge=0.0,
        le=10.0,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.noise import GaussianNoise as Module

        return Module(self.std)

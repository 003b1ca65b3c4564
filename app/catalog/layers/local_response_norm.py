"""Local response normalisation, as AlexNet has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Layer, image_input
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class LocalResponseNorm(Layer):
    """Divides every cell by a power of its neighbouring maps' squares at the same place.

    Input (C, H, W), the same out. Source: Krizhevsky et al., NeurIPS 2012.
    """

    TITLE = text("Local response norm", "局部响应归一化")
    SUMMARY = text(
        "Damps a cell whose neighbouring maps are strong at the same place.",
        "同一位置上相邻特征图较强时，抑制该处的值。",
    )
    DOC_ZH = (
        "将每一格除以同一位置上相邻特征图平方和的幂。\n\n"
        "输入 (C, H, W)，输出形状相同。出处：Krizhevsky 等，NeurIPS 2012。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x_i = u_i \Big/ \Big(1+\tfrac{\alpha}{n}\sum_{j\in N(i)} u_j^2\Big)^{\beta}",
        backward=r"\delta_{u_j} = \sum_i \delta_i\,\frac{\partial x_i}{\partial u_j}",
    )
    ALIASES = (
        "lrn",
        "AlexNet",
        "归一化",
    )
    EXAMPLES = ({"type": "local_response_norm"},)
    ID_PREFIX = "lrn"

    type: Literal["local_response_norm"] = "local_response_norm"
    size: int = option(
        5,
        text("size", "窗口"),
        text("Neighbouring maps that are summed.", "参与求和的相邻特征图数。"),
        ge=1,
        le=31,
    )
    alpha: float = option(
        1e-4, text("α", "α"), text("Strength of the damping.", "抑制的强度。"), ge=0.0, le=10.0
    )
    beta: float = option(0.75, text("β", "β"), text("Exponent.", "指数。"), ge=0.0, le=5.0)

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return image_input(self, inputs)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.LocalResponseNorm(self.size, self.alpha, self.beta, k=1.0)

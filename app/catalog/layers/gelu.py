"""GELU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, normal_density, normal_share
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Gelu(Activation):
    """u·Φ(u), Φ the normal distribution function. Source: Hendrycks and Gimpel, 2016."""

    TITLE = text("GELU", "GELU（高斯误差线性单元）")
    SUMMARY = text(
        "Weighs a value by how likely a normal draw lies below it: a smooth ReLU, used in transformers.",
        "按正态分布小于该值的概率加权：平滑的 ReLU，常用于 Transformer。",
    )
    DOC_ZH = "u·Φ(u)，Φ 为正态分布函数。出处：Hendrycks 与 Gimpel，2016。"
    FORMULA = Formula(
        forward=r"\varphi(u)=u\,\Phi(u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\Phi(u)+u\,\phi(u)",
    )
    ALIASES = (
        "激活函数",
        "gaussian error linear unit",
        "激励函数",
    )
    EXAMPLES = ({"type": "gelu"},)
    ID_PREFIX = "gelu"

    type: Literal["gelu"] = "gelu"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        share = normal_share(u)
        return u * share, share + u * normal_density(u)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.GELU()

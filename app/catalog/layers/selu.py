"""SELU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Selu(Activation):
    """Scaled ELU with the constants that keep mean 0 and variance 1. Source: Klambauer et al., NeurIPS 2017."""

    TITLE = text("SELU", "自归一化线性单元")
    SUMMARY = text(
        "ELU with two constants chosen so that signals keep mean 0 and variance 1 from layer to layer.",
        "取特定常数的 ELU，使信号逐层保持均值 0、方差 1。",
    )
    FORMULA = Formula(
        forward=r"\varphi(u)=\lambda\,(u\ (u>0),\ a(e^u-1)\ (u\le 0)),\ \lambda\approx 1.0507,\ a\approx 1.6733",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\lambda\ (u>0),\ \lambda a e^u\ (u\le 0)",
    )
    ALIASES = (
        "self-normalizing",
        "激励函数",
    )
    EXAMPLES = ({"type": "selu"},)
    ID_PREFIX = "selu"

    type: Literal["selu"] = "selu"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.SELU()

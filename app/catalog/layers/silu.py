"""SiLU activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, sigmoid
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Silu(Activation):
    """u·σ(u), also called swish. Source: Elfwing et al., 2018; Ramachandran et al., 2017."""

    TITLE = text("SiLU", "Sigmoid 线性单元")
    SUMMARY = text(
        "A value times its own sigmoid (swish): smooth, and slightly negative left of zero.",
        "值乘以自身的 sigmoid（swish）：平滑，零点左侧略为负。",
    )
    DOC_ZH = "u·σ(u)，又称 swish。出处：Elfwing 等，2018；Ramachandran 等，2017。"
    FORMULA = Formula(
        forward=r"\varphi(u)=u\,\sigma(u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\sigma(u)\,(1+u\,(1-\sigma(u)))",
    )
    ALIASES = (
        "激活函数",
        "swish",
        "激励函数",
    )
    EXAMPLES = ({"type": "silu"},)
    ID_PREFIX = "silu"

    type: Literal["silu"] = "silu"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        s = sigmoid(u)
        return u * s, s * (1.0 + u * (1.0 - s))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.SiLU()

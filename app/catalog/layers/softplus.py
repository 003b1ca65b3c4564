"""Softplus activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.layers._activation import Activation
from app.catalog.plot import Reals, sigmoid
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Softplus(Activation):
    """ln(1+eᵘ) of every value: a smooth ReLU whose slope is the sigmoid."""

    TITLE = text("Softplus", "Softplus（平滑的 ReLU）")
    SUMMARY = text(
        "A smooth ReLU; its slope is exactly the sigmoid.",
        "平滑的 ReLU；其导数正是 sigmoid。",
    )
    DOC_ZH = "逐值取 ln(1+eᵘ)：平滑的 ReLU，其导数为 sigmoid。"
    FORMULA = Formula(
        forward=r"\varphi(u)=\ln(1+e^u)",
        backward=r"\delta_u = \varphi'(u) \circ \delta_x,\quad \varphi'(u)=\sigma(u)",
    )
    ALIASES = (
        "软正函数",
        "激活函数",
        "smooth relu",
        "激励函数",
    )
    EXAMPLES = ({"type": "softplus"},)
    ID_PREFIX = "softplus"

    type: Literal["softplus"] = "softplus"

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        return np.logaddexp(0.0, u), sigmoid(u)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Softplus()

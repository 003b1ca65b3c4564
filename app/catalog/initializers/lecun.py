"""LeCun initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.core.text import text

if TYPE_CHECKING:
    import torch


class LeCun(Initializer):
    """Normal with variance 1/fan-in; bias 0. Source: LeCun et al., Efficient BackProp, 1998."""

    TITLE = text("LeCun", "LeCun")
    SUMMARY = text(
        "Keeps the size of signals going forward; made for tanh and SELU.",
        "使前向信号保持大小；适合 tanh 与 SELU。",
    )
    FORMULA = Formula(forward=r"w \sim N\!\left(0, \tfrac{1}{n_{in}}\right)")
    EXAMPLES = ({"type": "lecun"},)

    type: Literal["lecun"] = "lecun"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.normal_(0.0, fans(tensor)[0] ** -0.5, generator=generator)

"""Normally distributed weights of a chosen spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import Spread, normal
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Normal(Initializer):
    """Normal with mean 0 and standard deviation ``std``; bias 0."""

    TITLE = text("Normal", "正态分布")
    SUMMARY = text(
        "Normally distributed around zero with a spread of your choice.",
        "以零为中心的正态分布，标准差自选。",
    )
    DOC_ZH = "正态分布，均值 0，标准差 std；偏置为 0。"
    FORMULA = Formula(forward=r"w \sim N(0, \sigma^2)")
    EXAMPLES = ({"type": "normal"},)

    type: Literal["normal"] = "normal"
    std: float = option(
        0.1, text("σ", "σ"), text("Standard deviation.", "标准差。"), ge=0.0, le=10.0
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.normal_(0.0, self.std, generator=generator)

    def spread(self, place: Place) -> Spread:
        return normal(self.std)

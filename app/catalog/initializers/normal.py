"""Normally distributed weights of a chosen spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
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
    FORMULA = Formula(forward=r"w \sim N(0, \sigma^2)")
    EXAMPLES = ({"type": "normal"},)

    type: Literal["normal"] = "normal"
    std: float = option(
        0.1, text("σ", "σ"), text("Standard deviation.", "标准差。"), ge=0.0, le=10.0
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.normal_(0.0, self.std, generator=generator)

"""All weights one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Constant(Initializer):
    """Every weight ``value``; bias 0. All units of a layer stay alike."""

    TITLE = text("Constant", "常数")
    SUMMARY = text(
        "Every weight the same number: like zeros, no unit can ever differ from its neighbour.",
        "所有权值取同一个数：与全零一样，单元之间永远没有差别。",
    )
    FORMULA = Formula(forward=r"w = c")
    EXAMPLES = ({"type": "constant"},)

    type: Literal["constant"] = "constant"
    value: float = option(
        0.1, text("value c", "值 c"), text("The number.", "这个数。"), ge=-10.0, le=10.0
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.fill_(self.value)

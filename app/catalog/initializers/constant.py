"""All weights one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import Spread, points
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class ConstantWeights(Initializer):
    """Every weight ``value``; bias 0. All units of a layer stay alike."""

    TITLE = text("Constant", "常数")
    SUMMARY = text(
        "Every weight the same number: like zeros, no unit can ever differ from its neighbour.",
        "所有权值取同一个数：与全零一样，单元之间永远没有差别。",
    )
    DOC_ZH = "所有权值为 value；偏置为 0。同层各单元将永远相同。"
    FORMULA = Formula(forward=r"w = c")
    EXAMPLES = ({"type": "constant"},)

    type: Literal["constant"] = "constant"
    value: float = option(
        0.1, text("value c", "值 c"), text("The number.", "这个数。"), ge=-10.0, le=10.0
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.fill_(self.value)

    def spread(self, place: Place) -> Spread:
        return points((self.value, 1.0))

"""All weights zero: the start from which a network cannot learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import Spread, points
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Zeros(Initializer):
    """Every weight 0: all units of a layer stay alike for ever."""

    TITLE = text("Zeros", "全零")
    SUMMARY = text(
        "Every weight zero. All units then get the same gradient and stay alike: try it.",
        "全部权值为零。同层单元得到相同的梯度，永远一样：不妨一试。",
    )
    DOC_ZH = "所有权值为 0：同层各单元永远相同。"
    FORMULA = Formula(forward=r"w = 0")
    EXAMPLES = ({"type": "zeros"},)

    type: Literal["zeros"] = "zeros"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.zero_()

    def spread(self, place: Place) -> Spread:
        return points((0.0, 1.0))

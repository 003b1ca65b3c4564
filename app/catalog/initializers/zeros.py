"""All weights zero: the start from which a network cannot learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer
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
    FORMULA = Formula(forward=r"w = 0")
    EXAMPLES = ({"type": "zeros"},)

    type: Literal["zeros"] = "zeros"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.zero_()

"""He (Kaiming) initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.core.text import text

if TYPE_CHECKING:
    import torch


class He(Initializer):
    """Normal with variance 2/fan-in. Source: He et al., ICCV 2015."""

    TITLE = text("He", "He")
    SUMMARY = text(
        "Makes up for the half that ReLU cuts away.",
        "补偿 ReLU 截去的一半信号。",
    )
    FORMULA = Formula(forward=r"w \sim N\!\left(0, \tfrac{2}{n_{in}}\right)")
    EXAMPLES = ({"type": "he"},)

    type: Literal["he"] = "he"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.normal_(0.0, (2.0 / fans(tensor)[0]) ** 0.5, generator=generator)

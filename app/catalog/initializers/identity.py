"""Weights that pass the signal through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import Spread, points
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class IdentityStart(Initializer):
    """Ones on the diagonal, at the kernel's centre; 0 elsewhere; bias 0."""

    TITLE = text("Identity", "单位矩阵")
    SUMMARY = text(
        "Each unit starts as a copy of one input: a layer that changes nothing yet.",
        "每个单元起初复制一个输入：一个暂不改变任何东西的层。",
    )
    DOC_ZH = "对角线上为 1（取卷积核的中心），其余为 0；偏置为 0。"
    FORMULA = Formula(forward=r"w_{ij} = [i = j]")
    EXAMPLES = ({"type": "identity"},)

    type: Literal["identity"] = "identity"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.zero_()
        diagonal = range(min(tensor.shape[0], tensor.shape[1]))
        centre = tuple(side // 2 for side in tensor.shape[2:])
        for i in diagonal:
            tensor[(i, i, *centre)] = 1.0

    def spread(self, place: Place) -> Spread:
        ones = min(place.units, place.fan_in * place.units // place.fan_out)
        share = ones / (place.units * place.fan_in)
        return points((0.0, 1.0 - share), (1.0, share)) if share < 1.0 else points((1.0, 1.0))

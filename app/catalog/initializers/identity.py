"""Weights that pass the signal through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer
from app.core.text import text

if TYPE_CHECKING:
    import torch


class IdentityStart(Initializer):
    """Ones on the diagonal, at the kernel's centre; 0 elsewhere; bias 0."""

    TITLE = text("Identity", "单位")
    SUMMARY = text(
        "Each unit starts as a copy of one input: a layer that changes nothing yet.",
        "每个单元起初复制一个输入：一个暂不改变任何东西的层。",
    )
    FORMULA = Formula(forward=r"w_{ij} = [i = j]")
    EXAMPLES = ({"type": "identity"},)

    type: Literal["identity"] = "identity"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        tensor.zero_()
        diagonal = range(min(tensor.shape[0], tensor.shape[1]))
        centre = tuple(side // 2 for side in tensor.shape[2:])
        for i in diagonal:
            tensor[(i, i, *centre)] = 1.0

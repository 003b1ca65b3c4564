"""Several inputs, one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.code import Code
from app.catalog.family import Formula
from app.catalog.layers._base import DENSE, Fix, Layer, ShapeMismatch
from app.core.shapes import Shape, show
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Concatenate(Layer):
    """Stacks its inputs along the channels (or features). Source: Szegedy et al., CVPR 2015 (inception)."""

    TITLE = text("Concatenate", "拼接")
    SUMMARY = text(
        "Puts the maps of its inputs one behind the other: the join of an inception block.",
        "把各输入的特征图依次排列：Inception 块的汇合点。",
    )
    DOC_ZH = "沿通道（或特征）方向依次拼接各输入。出处：Szegedy 等，CVPR 2015（Inception）。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x = [x_1, x_2, \dots]",
        backward=r"\delta_i = \text{the part of } \delta \text{ that belongs to } x_i",
    )
    ALIASES = (
        "inception",
        "stack",
        "merge",
    )
    EXAMPLES = ({"type": "concatenate"},)
    ID_PREFIX = "cat"
    ARITY = (2, 16)

    type: Literal["concatenate"] = "concatenate"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        for shape in inputs[1:]:
            if shape[1:] != inputs[0][1:] or len(shape) != len(inputs[0]):
                expected = text(
                    f"inputs that differ only in channels (like {show(inputs[0])})",
                    f"只在通道数上不同的输入（如 {show(inputs[0])}）",
                )
                raise ShapeMismatch(self, expected, shape, Fix("remove"))
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.engine.modules.merge import Concatenate as ConcatenateModule

        return ConcatenateModule()

    def code(self, inputs: tuple[Shape, ...]) -> Code:
        places = ", ".join(["{}"] * len(inputs))
        return Code("", forward=f"torch.cat(({places}), dim=1)")

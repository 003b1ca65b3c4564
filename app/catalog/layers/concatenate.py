"""Several inputs, one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.code import Code
from app.catalog.family import Formula
from app.catalog.layers._base import DENSE, Fix, Layer, ShapeMismatch, alike_in_layout
from app.core.shapes import Shape, channel_axis, channels_first, laid_out_as, show
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Concatenate(Layer):
    """Stacks its inputs along the channels, or along the features of vectors and of sequences. Source: Szegedy et al., CVPR 2015 (inception)."""

    TITLE = text("Concatenate", "拼接")
    SUMMARY = text(
        "Puts the maps of its inputs one behind the other: the end of an inception block.",
        "把各输入的特征图依次排列：Inception 块的拼接处。",
    )
    DOC_ZH = "沿通道方向（向量与序列则沿特征方向）依次拼接各输入。出处：Szegedy 等，CVPR 2015（Inception）。"
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
    PASSES = True
    ARITY = (2, 16)
    BY_STEP = True

    type: Literal["concatenate"] = "concatenate"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        alike_in_layout(self, inputs)
        channels, *sides = channels_first(inputs[0])
        for shape in inputs[1:]:
            more, *others = channels_first(shape)
            if others != sides or len(shape) != len(inputs[0]):
                what = (
                    text("features", "特征数")
                    if channel_axis(shape)
                    else text("channels", "通道数")
                )
                expected = text(
                    f"inputs that differ only in {what.en} (like {show(inputs[0])})",
                    f"只在{what.zh}上不同的输入（如 {show(inputs[0])}）",
                )
                raise ShapeMismatch(self, expected, shape, Fix("remove"))
            channels += more
        return laid_out_as(inputs[0], (channels, *sides))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.merge import Concatenate as ConcatenateModule

        return ConcatenateModule(1 + channel_axis(inputs[0]))

    def code(self, inputs: tuple[Shape, ...]) -> Code:
        places = ", ".join(["{}"] * len(inputs))
        axis = 1 + channel_axis(inputs[0])
        return Code("", forward=f"torch.cat(({places}), dim={axis})")

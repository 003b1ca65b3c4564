"""Flatten: a picture becomes a vector."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import DENSE, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Flatten(Layer):
    """Lays all values of one sample in a row, channel by channel, row by row. Output (C·H·W,)."""

    TITLE = text("Flatten", "展平")
    SUMMARY = text(
        "Lays the maps out as one vector, so that dense layers can follow.",
        "把特征图排成一个向量，以便接全连接层。",
    )
    DOC_ZH = "把一个样本的全部值排成一行：逐通道、逐行。输出 (C·H·W,)。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x_{(cH+h)W+w} = x_{chw}",
        backward=r"\delta_{chw} = \delta_{(cH+h)W+w}",
    )
    ALIASES = ("reshape", "vector", "向量")
    EXAMPLES = ({"type": "flatten"},)
    ID_PREFIX = "flat"
    FLATTENS = True
    PASSES = True

    type: Literal["flatten"] = "flatten"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return (prod(inputs[0]),)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Flatten()

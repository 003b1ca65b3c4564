"""Reshape: the same values in another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import DENSE, Fix, Layer, ShapeMismatch
from app.core.shapes import Shape, size
from app.core.text import text

if TYPE_CHECKING:
    import torch

LARGEST = 512


class Reshape(Layer):
    """Lays one sample's values out as (channels, height, width), row by row; nothing is computed."""

    TITLE = text("Reshape", "改变形状")
    SUMMARY = text(
        "Lays the same values out as maps: the way from a vector back to a picture.",
        "把同样的值重新排成特征图：从向量回到图像。",
    )
    DOC_ZH = "把一个样本的值逐行排成 (通道, 高, 宽)；不做任何计算。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x_{chw} = x_{(cH+h)W+w}",
        backward=r"\delta_{(cH+h)W+w} = \delta_{chw}",
    )
    ALIASES = ("变形", "view", "unflatten", "autoencoder", "形状")
    EXAMPLES = ({"type": "reshape", "channels": 1, "height": 8, "width": 8},)
    ID_PREFIX = "shape"
    PASSES = True

    type: Literal["reshape"] = "reshape"
    channels: int = option(
        1, text("channels", "通道数"), text("Number of maps.", "特征图的数目。"), ge=1, le=LARGEST
    )
    height: int = option(
        8, text("height", "高"), text("Rows of a map.", "每张图的行数。"), ge=1, le=LARGEST
    )
    width: int = option(
        8, text("width", "宽"), text("Columns of a map.", "每张图的列数。"), ge=1, le=LARGEST
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        wanted = (self.channels, self.height, self.width)
        if size(wanted) != size(inputs[0]):
            expected = text(f"{size(wanted)} values", f"{size(wanted)} 个值")
            fields = {"channels": self.channels, "height": self.height, "width": self.width}
            exact = [
                Fix("set", name, size(inputs[0]) * value // size(wanted))
                for name, value in fields.items()
                if size(inputs[0]) * value % size(wanted) == 0
                and size(inputs[0]) * value // size(wanted) <= LARGEST
            ]
            raise ShapeMismatch(self, expected, inputs[0], *exact, Fix("remove"))
        return wanted

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        wanted = (self.channels, self.height, self.width)
        return nn.Sequential(nn.Flatten(), nn.Unflatten(1, wanted))

"""Reshape to a sequence: the same values as (channels, length)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import DENSE, Fix, Layer, ShapeMismatch
from app.core.shapes import Shape, Steps, size
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Reshape1d(Layer):
    """Lays one sample's values out as (channels, length), row by row; nothing is computed.

    A picture of one map becomes a sequence: its rows are channels, its columns the time. A sequence
    (steps, features) is read feature by feature: its features are channels.
    """

    TITLE = text("Reshape to sequence", "改变形状为序列")
    SUMMARY = text(
        "Lays the same values out as channels over time: a picture can be read column by column.",
        "把同样的值排成随时间变化的通道：图像可以逐列读取。",
    )
    DOC_ZH = (
        "把一个样本的值逐行排成 (通道, 长度)；不做任何计算。\n\n"
        "单张图由此成为序列：行作通道，列作时间。序列 (时刻, 特征) 逐特征读取：特征作通道。"
    )
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x_{cu} = x_{cL+u}",
        backward=r"\delta_{cL+u} = \delta_{cu}",
    )
    ALIASES = ("view", "unflatten", "sequence", "序列", "形状")
    EXAMPLES = ({"type": "reshape1d", "channels": 8, "length": 8},)
    ID_PREFIX = "seq"
    PASSES = True

    type: Literal["reshape1d"] = "reshape1d"
    channels: int = option(
        8, text("channels", "通道数"), text("Values at a time.", "每一时刻的值数。"), ge=1, le=512
    )
    length: int = option(
        8, text("length", "长度"), text("Steps of time.", "时刻的数目。"), ge=1, le=65536
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        wanted = (self.channels, self.length)
        if size(wanted) != size(inputs[0]):
            expected = text(f"{size(wanted)} values", f"{size(wanted)} 个值")
            raise ShapeMismatch(self, expected, inputs[0], *self._fixes(size(inputs[0])))
        return wanted

    def _fixes(self, values: int) -> list[Fix]:
        """Keep the channels where they divide the values; or take the layer out."""
        length, rest = divmod(values, self.channels)
        fits = not rest and length <= 65536
        return [*([Fix("set", "length", length)] if fits else []), Fix("remove")]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import ChannelsFirst

        first = [ChannelsFirst()] if isinstance(inputs[0], Steps) else []
        return nn.Sequential(*first, nn.Flatten(), nn.Unflatten(1, (self.channels, self.length)))

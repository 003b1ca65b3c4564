"""Depthwise convolution: every map has kernels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import CONVOLUTION, Layer, Parameter, Window, image_input
from app.catalog.layers._conv import (
    init_option,
    kernel_option,
    padding_option,
    slid,
    stride_option,
    swept,
    weights,
)
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class DepthwiseConv2d(Layer):
    """Slides ``multiplier`` kernels over every map alone; maps are not mixed.

    Input (C, H, W), output (C·multiplier, H′, W′). Source: Chollet, CVPR 2017.
    """

    TITLE = text("Depthwise conv", "逐通道卷积")
    SUMMARY = text(
        "Gives every map kernels of its own and mixes nothing: few weights, to be mixed by a 1×1 layer.",
        "每张特征图各用自己的卷积核、互不混合：权值很少，之后可用 1×1 卷积混合。",
    )
    DOC_ZH = (
        "在每张特征图上各自滑动 multiplier 个卷积核；特征图之间不混合。\n\n"
        "输入 (C, H, W)，输出 (C·multiplier, H′, W′)。出处：Chollet，CVPR 2017。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_{im} = x_i \ast k_{im} + b_{im}",
        backward=r"\delta_i = \sum_m \mathrm{full}(\delta_{im}, k_{im}),\quad"
        r" \frac{\partial E}{\partial k_{im}} = \sum_{u,v} (\delta_{im})_{uv} (p_i)_{uv}",
    )
    ALIASES = ("separable", "MobileNet", "Xception", "可分离卷积")
    EXAMPLES = ({"type": "depthwise_conv2d", "kernel": 3, "padding": 1},)
    ID_PREFIX = "dwconv"
    WINDOW = Window(size="kernel", stride="stride", padding="padding")

    type: Literal["depthwise_conv2d"] = "depthwise_conv2d"
    multiplier: int = option(
        1,
        text("kernels per map", "每图核数"),
        text("Output maps per input map.", "每张输入特征图产生的输出特征图数。"),
        ge=1,
        le=16,
    )
    kernel: int = kernel_option(3)
    stride: int = stride_option()
    padding: int = padding_option()
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        shape = image_input(self, inputs)
        sides = slid(self, shape, self.kernel, stride=self.stride, padding=self.padding)
        return (shape[0] * self.multiplier, *sides)

    def copies(self, inputs: tuple[Shape, ...]) -> int:
        """Filters of one map."""
        return self.multiplier

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        maps = inputs[0][0] * self.multiplier
        return weights((maps, 1, self.kernel, self.kernel), maps)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        maps = inputs[0][0] * self.multiplier
        total = sum(p.count for p in self.parameters(inputs))
        return f"{maps}×({self.kernel}×{self.kernel})+{maps} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return swept(self, inputs)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        channels = inputs[0][0]
        maps = channels * self.multiplier
        return nn.Conv2d(channels, maps, self.kernel, self.stride, self.padding, groups=channels)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        self.init.fill(module, generator, gain)

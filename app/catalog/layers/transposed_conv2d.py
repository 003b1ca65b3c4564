"""Transposed convolution: a convolution's backward pass used forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import (
    CONVOLUTION,
    Fix,
    Layer,
    Parameter,
    Rows,
    ShapeMismatch,
    image_input,
)
from app.catalog.layers._conv import bias_option, filters_option, init_option
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class TransposedConv2d(Layer):
    """Every input cell stamps its kernel, scaled by its value, into a larger picture.

    Input (C, H, W), output (filters, (H−1)s−2p+k, (W−1)s−2p+k); weight (C, filters, k, k), as
    torch.nn.ConvTranspose2d. Source: Zeiler et al., CVPR 2010.
    """

    TITLE = text("Transposed conv", "转置卷积")
    SUMMARY = text(
        "Stamps a kernel for every input cell: a learned way to make a picture larger.",
        "每个输入格按其值盖印一次卷积核：以学习的方式放大图像。",
    )
    DOC_ZH = (
        "每个输入格按自身的值把卷积核“盖印”到更大的图像上，重叠处相加。\n\n"
        "输入 (C, H, W)，输出 (filters, (H−1)s−2p+k, (W−1)s−2p+k)；权值 (C, filters, k, k)，与 torch.nn.ConvTranspose2d 相同。出处：Zeiler 等，CVPR 2010。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_j = \sum_i \mathrm{full}_s(x_i, k_{ij}) + b_j",
        backward=r"\delta_i = \sum_j \delta_j \ast_s k_{ij},\quad"
        r" \frac{\partial E}{\partial b_j} = \sum_{u,v} (\delta_j)_{uv}",
    )
    ALIASES = ("deconvolution", "反卷积", "autoencoder")
    EXAMPLES = ({"type": "transposed_conv2d", "filters": 8, "kernel": 2, "stride": 2},)
    ID_PREFIX = "deconv"

    type: Literal["transposed_conv2d"] = "transposed_conv2d"
    filters: int = filters_option(8)
    kernel: int = option(
        2,
        text("kernel", "卷积核边长"),
        text("Side of the square kernel.", "方形卷积核的边长。"),
        ge=1,
        le=15,
    )
    stride: int = option(
        2,
        text("stride", "步幅"),
        text("Cells between two stamps.", "相邻两次盖印的间距。"),
        ge=1,
        le=8,
    )
    padding: int = option(
        0,
        text("padding", "裁边"),
        text("Rows and columns cut off at each edge.", "四边各裁去的行列数。"),
        ge=0,
        le=7,
    )
    bias: bool = bias_option()
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        _, height, width = image_input(self, inputs)
        out = [(n - 1) * self.stride - 2 * self.padding + self.kernel for n in (height, width)]
        if min(out) < 1:
            expected = text("less padding for so small a picture", "对这么小的图像裁边更少")
            raise ShapeMismatch(self, expected, inputs[0], Fix("set", "padding", 0))
        return (self.filters, *out)

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        weight = Parameter(
            name="weight", shape=(inputs[0][0], self.filters, self.kernel, self.kernel)
        )
        return (weight, Parameter(name="bias", shape=(self.filters,))) if self.bias else (weight,)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        found = {"weight": Rows(1, (unit,))}
        return {**found, "bias": Rows(0, (unit,))} if self.bias else found

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        product = f"{inputs[0][0]}×({self.kernel}×{self.kernel}×{self.filters})"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{product}+{self.filters} = {total}" if self.bias else f"{product} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        channels, height, width = image_input(self, inputs)
        return channels * height * width * self.filters * self.kernel**2

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.ConvTranspose2d(
            inputs[0][0], self.filters, self.kernel, self.stride, self.padding, bias=self.bias
        )

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        self.init.fill(module, generator, gain)

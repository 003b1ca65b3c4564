"""Two-dimensional convolution (as PyTorch has it: a cross-correlation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import (
    CONVOLUTION,
    Fix,
    Layer,
    Parameter,
    ShapeMismatch,
    image_input,
)
from app.catalog.layers._conv import (
    bias_option,
    filters_option,
    init_option,
    kernel_option,
    padding_option,
    stride_option,
)
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Conv2d(Layer):
    """Each output map sums every input map slid under its own kernel, plus one bias.

    Input (C, H, W); output (filters, ⌊(H+2p−d(k−1)−1)/s⌋+1, the same of W).
    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    TITLE = text("Conv2d", "卷积")
    SUMMARY = text(
        "Slides small kernels over a picture: every output map looks for one pattern, everywhere, "
        "with the same weights (weight sharing).",
        "用小卷积核在图像上滑动：每张输出特征图在各处以同一组权值寻找同一种模式（权值共享）。",
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_j^\ell = \sum_{i\in M_j} x_i^{\ell-1} \ast k_{ij}^\ell + b_j^\ell",
        backward=r"\delta_i^{\ell-1} = \sum_{j:\,i\in M_j} \mathrm{full}(\delta_j^\ell, k_{ij}^\ell)"
        r",\quad \frac{\partial E}{\partial k_{ij}} = \sum_{u,v} (\delta_j^\ell)_{uv} (p_i^{\ell-1})_{uv}"
        r",\quad \frac{\partial E}{\partial b_j} = \sum_{u,v} (\delta_j^\ell)_{uv}",
    )
    ALIASES = ("convolution", "卷积层", "权值共享", "weight sharing", "kernel", "filter")
    EXAMPLES = ({"type": "conv2d", "filters": 6, "kernel": 5, "padding": 2},)
    ID_PREFIX = "conv"

    type: Literal["conv2d"] = "conv2d"
    filters: int = filters_option(8)
    kernel: int = kernel_option(3)
    stride: int = stride_option()
    padding: int = padding_option()
    dilation: int = option(
        1,
        text("dilation", "膨胀"),
        text("Distance between neighbouring kernel cells.", "卷积核相邻格之间的间距。"),
        ge=1,
        le=8,
    )
    groups: int = option(
        1,
        text("groups", "分组"),
        text(
            "Groups of maps that do not see one another; must divide inputs and filters.",
            "互不相连的特征图组数；须整除输入与输出通道数。",
        ),
        ge=1,
        le=256,
    )
    bias: bool = bias_option()
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = image_input(self, inputs)
        self._groups_fit(inputs[0], channels)
        reach = self.dilation * (self.kernel - 1) + 1
        side = min(height, width) + 2 * self.padding
        if side < reach:
            raise ShapeMismatch(self, *self._too_small(reach, side, inputs[0]))
        out = [(n + 2 * self.padding - reach) // self.stride + 1 for n in (height, width)]
        return (self.filters, *out)

    def _groups_fit(self, got: Shape, channels: int) -> None:
        if channels % self.groups or self.filters % self.groups:
            fit = max(g for g in range(1, self.groups) if not (channels % g or self.filters % g))
            expected = text(
                f"groups that divide {channels} inputs and {self.filters} filters (not {self.groups})",
                f"能整除 {channels} 个输入与 {self.filters} 个输出通道的分组数（而非 {self.groups}）",
            )
            raise ShapeMismatch(self, expected, got, Fix("set", "groups", fit))

    def _too_small(self, reach: int, side: int, got: Shape) -> tuple[Any, ...]:
        expected = text(
            f"a picture of at least {reach}×{reach} after padding",
            f"填充后至少 {reach}×{reach} 的图像",
        )
        need = (reach - side + 1) // 2 + self.padding
        fixes = [Fix("set", "kernel", (side - 1) // self.dilation + 1)]
        if need <= 15:
            fixes.append(Fix("set", "padding", need))
        return (expected, got, *fixes)

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        shape = (self.filters, inputs[0][0] // self.groups, self.kernel, self.kernel)
        weight = Parameter(name="weight", shape=shape)
        return (weight, Parameter(name="bias", shape=(self.filters,))) if self.bias else (weight,)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        product = f"{self.filters}×({self.kernel}×{self.kernel}×{inputs[0][0] // self.groups})"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{product}+{self.filters} = {total}" if self.bias else f"{product} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        _, height, width = self.output_shape(inputs)
        return self.filters * height * width * inputs[0][0] // self.groups * self.kernel**2

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Conv2d(
            inputs[0][0],
            self.filters,
            self.kernel,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.bias,
        )

    def initialize(self, module: torch.nn.Module, generator: torch.Generator) -> None:
        self.init.fill(module, generator)

"""Two-dimensional convolution (as PyTorch has it: a cross-correlation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from app.catalog.family import Formula
from app.catalog.initializers import AnyInitializer
from app.catalog.layers import _table
from app.catalog.layers._base import (
    CONVOLUTION,
    Fix,
    Layer,
    Parameter,
    Rows,
    ShapeMismatch,
    Window,
    image_input,
)
from app.catalog.layers._conv import (
    bias_option,
    check_groups,
    dilation_option,
    filters_option,
    groups_option,
    init_option,
    kernel_option,
    padding_option,
    slid,
    stride_option,
    swept,
    weights,
)
from app.catalog.plot import Place
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Conv2d(Layer):
    """Each output map sums every input map slid under its own kernel, plus one bias.

    Input (C, H, W); output (filters, ⌊(H+2p−d(k−1)−1)/s⌋+1, the same of W). With a connection
    table the weight is packed: (connections, k, k), map by map.
    Source: LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """

    TITLE = text("Conv2d", "卷积")
    SUMMARY = text(
        "Slides small kernels over a picture: every output map looks for one pattern, everywhere, "
        "with the same weights (weight sharing).",
        "用小卷积核在图像上滑动：每张输出特征图在各处以同一组权值寻找同一种模式（权值共享）。",
    )
    DOC_ZH = (
        "每张输出特征图将所有输入特征图各在自己的卷积核下滑动求和，再加一个偏置。\n\n"
        "输入 (C, H, W)；输出 (filters, ⌊(H+2p−d(k−1)−1)/s⌋+1, 宽同理)。使用连接表时，权值逐图紧凑存放：(连接数, k, k)。出处：LeCun 等，基于梯度的学习在文档识别中的应用，1998。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_j^\ell = \sum_{i\in M_j} x_i^{\ell-1} \ast k_{ij}^\ell + b_j^\ell",
        backward=r"\delta_i^{\ell-1} = \sum_{j:\,i\in M_j} \mathrm{full}(\delta_j^\ell, k_{ij}^\ell)"
        r",\quad \frac{\partial E}{\partial k_{ij}} = \sum_{u,v} (\delta_j^\ell)_{uv} (p_i^{\ell-1})_{uv}"
        r",\quad \frac{\partial E}{\partial b_j} = \sum_{u,v} (\delta_j^\ell)_{uv}",
    )
    ALIASES = (
        "卷积神经网络",
        "滤波器",
        "权重共享",
        "参数共享",
        "反向传播",
        "特征映射",
        "convolution",
        "卷积层",
        "权值共享",
        "weight sharing",
        "kernel",
        "filter",
        "connection table",
        "连接表",
    )
    EXAMPLES = ({"type": "conv2d", "filters": 6, "kernel": 5, "padding": 2},)
    ID_PREFIX = "conv"
    PICTURE = "convolution"
    WINDOW = Window(size="kernel", stride="stride", padding="padding", dilation="dilation")

    type: Literal["conv2d"] = "conv2d"
    filters: int = filters_option(8)
    kernel: int = kernel_option(3)
    stride: int = stride_option()
    padding: int = padding_option()
    dilation: int = dilation_option()
    groups: int = groups_option()
    table: _table.Table | None = _table.table_option()
    bias: bool = bias_option()
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        shape = image_input(self, inputs)
        if self.table is None:
            check_groups(self, shape, self.filters, self.groups)
        elif self.groups > 1:
            expected = text("either groups or a connection table", "分组与连接表二者择一")
            alone = Fix("set", "table", None, _table.CONNECT_ALL)
            raise ShapeMismatch(self, expected, shape, Fix("set", "groups", 1), alone)
        else:
            _table.check_table(self, self.table, self.filters, shape)
        sides = slid(
            self,
            shape,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        return (self.filters, *sides)

    def copies(self, inputs: tuple[Shape, ...]) -> int:
        """Filters of one group."""
        return 1 if self.table is not None else self.filters // self.groups

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        kernel = (self.kernel, self.kernel)
        if self.table is not None:
            packed = (_table.connections(self.table), *kernel)
            return weights(packed, self.filters, bias=self.bias)
        shape = (self.filters, inputs[0][0] // self.groups, *kernel)
        return weights(shape, self.filters, bias=self.bias)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        found = super().rows(unit, inputs)
        return found if self.table is None else {**found, "weight": _table.rows(self.table, unit)}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        k = f"{self.kernel}×{self.kernel}"
        if self.table is not None:
            product = f"({_table.summed(self.table)})×({k})"
        else:
            product = f"{self.filters}×({k}×{inputs[0][0] // self.groups})"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{product}+{self.filters} = {total}" if self.bias else f"{product} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return swept(self, inputs)

    def place(self, inputs: tuple[Shape, ...], gain: float) -> Place | None:
        if self.table is not None:
            return _table.typical(self.table, self.kernel, gain)
        return super().place(inputs, gain)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.table_conv import TableConv2d

        geometry: dict[str, Any] = {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "bias": self.bias,
        }
        if self.table is not None:
            return TableConv2d(inputs[0][0], self.table, self.kernel, **geometry)
        return nn.Conv2d(inputs[0][0], self.filters, self.kernel, groups=self.groups, **geometry)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        if self.table is not None:
            _table.fill(self.init, module, self.table, generator, gain)
        else:
            self.init.fill(module, generator, gain)

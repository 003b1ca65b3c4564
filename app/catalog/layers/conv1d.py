"""One-dimensional convolution (as PyTorch has it: a cross-correlation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import CONVOLUTION, Layer, Parameter, Window, sequence_input
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
from app.core.shapes import Shape, Steps, channels_of, laid_out_as
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Conv1d(Layer):
    """Each output channel sums every input channel slid under its own kernel, plus one bias.

    Input (C, L); output (filters, ⌊(L+2p−d(k−1)−1)/s⌋+1). A sequence (T, F) has F channels and becomes
    (T′, filters); behind the end of one the kernel reads zeros. Where that changes the number of steps, all
    steps count from there on.
    Source: Waibel et al., Phoneme recognition using time-delay neural networks, 1989.
    """

    TITLE = text("Conv1d", "一维卷积")
    SUMMARY = text(
        "Slides small kernels along a sequence: every output channel looks for one pattern, at any time.",
        "用小卷积核沿序列滑动：每个输出通道在任意时刻寻找同一种模式。",
    )
    DOC_ZH = (
        "每个输出通道将所有输入通道各在自己的卷积核下滑动求和，再加一个偏置。\n\n"
        "输入 (C, L)；输出 (filters, ⌊(L+2p−d(k−1)−1)/s⌋+1)。序列 (T, F) 的 F 个特征作通道，"
        "输出 (T′, filters)；序列结尾之后读作零；若时刻数因此改变，其后各层把所有时刻都计入。出处：Waibel 等，以时延神经网络识别音素，1989。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_j^\ell = \sum_{i\in M_j} x_i^{\ell-1} \ast k_{ij}^\ell + b_j^\ell",
        backward=r"\delta_i^{\ell-1} = \sum_{j:\,i\in M_j} \mathrm{full}(\delta_j^\ell, k_{ij}^\ell)"
        r",\quad \frac{\partial E}{\partial k_{ij}} = \sum_{u} (\delta_j^\ell)_{u} (p_i^{\ell-1})_{u}"
        r",\quad \frac{\partial E}{\partial b_j} = \sum_{u} (\delta_j^\ell)_{u}",
    )
    ALIASES = ("temporal convolution", "TDNN", "时间卷积", "sequence", "序列")
    EXAMPLES = ({"type": "conv1d", "filters": 16, "kernel": 3, "padding": 1},)
    ID_PREFIX = "conv"
    WINDOW = Window(size="kernel", stride="stride", padding="padding", dilation="dilation")
    MASKED = True

    type: Literal["conv1d"] = "conv1d"
    filters: int = filters_option(8)
    kernel: int = kernel_option(3, text("Length of the kernel.", "卷积核的长度。"))
    stride: int = stride_option()
    padding: int = padding_option(
        help=text("Zeros at both ends of the sequence.", "序列两端填充的零的个数。")
    )
    dilation: int = dilation_option()
    groups: int = groups_option()
    bias: bool = bias_option()
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        shape = sequence_input(self, inputs)
        check_groups(self, shape, self.filters, self.groups)
        sides = slid(
            self,
            shape,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        return laid_out_as(inputs[0], (self.filters, *sides))

    def copies(self, inputs: tuple[Shape, ...]) -> int:
        """Filters of one group."""
        return self.filters // self.groups

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        shape = (self.filters, channels_of(inputs[0]) // self.groups, self.kernel)
        return weights(shape, self.filters, bias=self.bias)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        product = f"{self.filters}×({self.kernel}×{channels_of(inputs[0]) // self.groups})"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{product}+{self.filters} = {total}" if self.bias else f"{product} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return swept(self, inputs)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        from app.nn.steps import StepsConv1d

        kind = StepsConv1d if isinstance(inputs[0], Steps) else nn.Conv1d
        geometry = (self.kernel, self.stride, self.padding, self.dilation)
        return kind(channels_of(inputs[0]), self.filters, *geometry, self.groups, self.bias)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        self.init.fill(module, generator, gain)

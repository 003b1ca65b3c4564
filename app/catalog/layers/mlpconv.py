"""Network in Network: a small multilayer perceptron slides over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import CONVOLUTION, Layer, Parameter, Rows, image_input
from app.catalog.layers._conv import (
    filters_option,
    init_option,
    kernel_option,
    padding_option,
    slid,
)
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MlpConv(Layer):
    """A k×k convolution with ReLU, then two 1×1 convolutions with ReLU between.

    Input (C, H, W), output (filters, H′, W′). Source: Lin, Chen and Yan, Network in Network, 2014.
    """

    TITLE = text("Mlpconv", "多层感知机卷积")
    SUMMARY = text(
        "Slides a small multilayer perceptron over the picture instead of one linear kernel.",
        "用一个小型多层感知机代替单个线性卷积核，在图像上滑动。",
    )
    DOC_ZH = (
        "先做带 ReLU 的 k×k 卷积，再做两层 1×1 卷积，其间为 ReLU。\n\n"
        "输入 (C, H, W)，输出 (filters, H′, W′)。出处：Lin、Chen、Yan，Network in Network，2014。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"a_1 = \varphi(x \ast k + b_1),\; a_2 = \varphi(W_2 a_1 + b_2),\; u = W_3 a_2 + b_3",
        backward=r"\delta_{a_2} = W_3^{\mathsf T}\delta,\; \delta_{a_1} = W_2^{\mathsf T}(\varphi'\circ\delta_{a_2})"
        r",\; \delta_x = \mathrm{full}(\varphi'\circ\delta_{a_1}, k)",
    )
    ALIASES = ("NIN", "network in network", "1x1 convolution", "网络中的网络")
    EXAMPLES = ({"type": "mlpconv", "filters": 16, "kernel": 5, "padding": 2},)
    ID_PREFIX = "nin"

    type: Literal["mlpconv"] = "mlpconv"
    filters: int = filters_option(16)
    hidden: int = option(
        16,
        text("hidden maps", "隐层特征图数"),
        text("Maps of the two inner layers.", "两层内部特征图的数目。"),
        ge=1,
        le=512,
    )
    kernel: int = kernel_option(5, text("Side of the first kernel.", "第一个卷积核的边长。"))
    padding: int = padding_option(2)
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        shape = image_input(self, inputs)
        return (self.filters, *slid(self, shape, self.kernel, padding=self.padding))

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        hidden, filters = self.hidden, self.filters
        return (
            Parameter(name="0.weight", shape=(hidden, inputs[0][0], self.kernel, self.kernel)),
            Parameter(name="0.bias", shape=(hidden,)),
            Parameter(name="2.weight", shape=(hidden, hidden, 1, 1)),
            Parameter(name="2.bias", shape=(hidden,)),
            Parameter(name="4.weight", shape=(filters, hidden, 1, 1)),
            Parameter(name="4.bias", shape=(filters,)),
        )

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        return {name: Rows(0, (unit,)) for name in ("4.weight", "4.bias")}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        h, f = self.hidden, self.filters
        first = f"{h}×({self.kernel}×{self.kernel}×{inputs[0][0]})+{h}"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{first}+{h}×{h}+{h}+{f}×{h}+{f} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        _, height, width = self.output_shape(inputs)
        h = self.hidden
        return height * width * (h * inputs[0][0] * self.kernel**2 + h * h + self.filters * h)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Sequential(
            nn.Conv2d(inputs[0][0], self.hidden, self.kernel, padding=self.padding),
            nn.ReLU(),
            nn.Conv2d(self.hidden, self.hidden, 1),
            nn.ReLU(),
            nn.Conv2d(self.hidden, self.filters, 1),
        )

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        """The two inner layers are followed by ReLU, the last by what follows the whole."""
        for name, follows in (("0", 2.0**0.5), ("2", 2.0**0.5), ("4", gain)):
            self.init.fill(module.get_submodule(name), generator, follows)

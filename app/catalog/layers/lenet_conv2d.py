"""Convolution with the connection table of LeNet-5 of 1998."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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
from app.catalog.layers._conv import init_option, kernel_option, slid, swept, weights
from app.catalog.plot import Place
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch

TABLE: _table.Table = (
    *(tuple(sorted((j + k) % 6 for k in range(3))) for j in range(6)),
    *(tuple(sorted((j + k) % 6 for k in range(4))) for j in range(6)),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
"""Inputs of each of the 16 maps of layer C3; LeCun et al., 1998, table I."""


class LeNetConv2d(Layer):
    """6 maps to 16, each connected to 3, 4 or 6 of them: 1,516 parameters instead of 2,416.

    Input (6, H, W), output (16, H−k+1, W−k+1). The weights are packed: (connections, k, k).
    """

    TITLE = text("LeNet-5 C3 conv", "LeNet-5 C3 卷积")
    SUMMARY = text(
        "Convolution by the table of 1998: each output map sees only some of the six input maps.",
        "按 1998 年的连接表做卷积：每张输出特征图只与六张输入特征图中的一部分相连。",
    )
    DOC_ZH = (
        "6 张特征图到 16 张，每张输出特征图只与其中 3、4 或 6 张相连：1,516 个参数，而非 2,416 个。\n\n"
        "输入 (6, H, W)，输出 (16, H−k+1, W−k+1)。权值紧凑存放：(连接数, k, k)。自定义的连接表见“卷积”。"
    )
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"u_j^\ell = \sum_{i\in M_j} x_i^{\ell-1} \ast k_{ij}^\ell + b_j^\ell",
        backward=r"\delta_i^{\ell-1} = \sum_{j:\,i\in M_j} \mathrm{full}(\delta_j^\ell, k_{ij}^\ell)",
    )
    ALIASES = ("connection table", "连接表", "LeCun 1998", "C3")
    EXAMPLES = ({"type": "lenet_conv2d"},)
    ID_PREFIX = "c3conv"
    WINDOW = Window(size="kernel")

    type: Literal["lenet_conv2d"] = "lenet_conv2d"
    kernel: int = kernel_option(5)
    init: AnyInitializer = init_option()

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = image_input(self, inputs)
        if channels != 6:
            expected = text(
                "six maps, as the table of 1998 has it", "六张特征图（1998 年的连接表）"
            )
            raise ShapeMismatch(self, expected, inputs[0], Fix("remove"))
        return (16, *slid(self, (channels, height, width), self.kernel))

    def copies(self, inputs: tuple[Shape, ...]) -> int:
        """No two maps read the same ones."""
        return 1

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        return weights((_table.connections(TABLE), self.kernel, self.kernel), 16)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        return {"weight": _table.rows(TABLE, unit), "bias": Rows(0, (unit,))}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        total = sum(p.count for p in self.parameters(inputs))
        return f"({_table.summed(TABLE)})×({self.kernel}×{self.kernel})+16 = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return swept(self, inputs)

    def place(self, inputs: tuple[Shape, ...], gain: float) -> Place | None:
        return _table.typical(TABLE, self.kernel, gain)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.table_conv import TableConv2d

        return TableConv2d(6, TABLE, self.kernel)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        _table.fill(self.init, module, TABLE, generator, gain)

"""Sum of several inputs of one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.code import Code
from app.catalog.family import Formula
from app.catalog.layers._base import DENSE, Fix, Layer, ShapeMismatch, alike_in_layout
from app.core.reach import Reach
from app.core.shapes import Shape, show
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Add(Layer):
    """Element-wise sum; all inputs have the shape of the output. Source: He et al., CVPR 2016 (residual nets)."""

    TITLE = text("Add", "相加")
    SUMMARY = text(
        "Adds its inputs cell by cell: the end of a residual block.",
        "逐元素相加：残差块的相加处。",
    )
    DOC_ZH = "逐元素求和；所有输入与输出形状相同。出处：He 等，CVPR 2016（残差网络）。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x = \sum_i x_i",
        backward=r"\delta_i = \delta",
    )
    ALIASES = (
        "residual",
        "sum",
        "残差连接",
        "ResNet",
    )
    EXAMPLES = ({"type": "add"},)
    ID_PREFIX = "add"
    ARITY = (2, 16)
    BY_STEP = True

    type: Literal["add"] = "add"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        alike_in_layout(self, inputs)
        for shape in inputs[1:]:
            if shape != inputs[0]:
                expected = text(
                    f"inputs of one shape ({show(inputs[0])})",
                    f"形状相同的输入（{show(inputs[0])}）",
                )
                raise ShapeMismatch(self, expected, shape, Fix("remove"))
        return inputs[0]

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        return (sum(low for low, _ in reaches), sum(high for _, high in reaches))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.merge import Add as AddModule

        return AddModule()

    def code(self, inputs: tuple[Shape, ...]) -> Code:
        return Code("", forward=" + ".join(["{}"] * len(inputs)))

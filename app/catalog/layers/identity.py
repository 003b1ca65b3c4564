"""Identity: passes its input on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._base import DENSE, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Identity(Layer):
    """The input, unchanged; any shape. A name for a branch of a graph."""

    TITLE = text("Identity", "恒等")
    SUMMARY = text(
        "Passes its input on unchanged: a skip connection, or a place to look.",
        "原样传递输入：用作跳跃连接或观察点。",
    )
    DOC_ZH = "输入原样输出；形状任意。可用来给图中的一条支路命名。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"x^\ell = x^{\ell-1}",
        backward=r"\delta^{\ell-1} = \delta^{\ell}",
    )
    ALIASES = (
        "skip",
        "pass",
        "跳跃连接",
    )
    EXAMPLES = ({"type": "identity"},)
    ID_PREFIX = "id"
    PASSES = True
    POINTWISE = True
    BY_STEP = True

    type: Literal["identity"] = "identity"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Identity()

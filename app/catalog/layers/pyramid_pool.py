"""Spatial pyramid pooling: a vector of fixed size from a picture of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import POOLING, Fix, Layer, ShapeMismatch, image_input
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class PyramidPool(Layer):
    """Maxima over 1×1, 2×2, 4×4, … bins of every map, laid out as one vector; of equal largest cells
    the first wins, and the error is its alone.

    Input (C, H, W), output (C·Σ4ˡ,). Source: He et al., ECCV 2014 (SPP-net).
    """

    TITLE = text("Spatial pyramid pool", "空间金字塔池化")
    SUMMARY = text(
        "Keeps the maximum of ever finer grids of bins: any picture size gives the same vector size.",
        "逐级细分网格并取各格最大值：任意大小的图像都得到同样长度的向量。",
    )
    DOC_ZH = (
        "对每张图在 1×1、2×2、4×4…的网格中取各格的最大值，排成一个向量；最大值相等时，取排在最前的，误差只传给它。\n\n"
        "输入 (C, H, W)，输出 (C·Σ4ˡ,)。出处：He 等，ECCV 2014（SPP-net）。"
    )
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_{c,l,i,j} = \max_{(h,w)\in \mathrm{bin}(l,i,j)} x_{chw},\quad l = 0, 1, \dots",
        backward=r"\delta_{chw} = \sum_{l,i,j} [(h,w) \text{ wins bin } (l,i,j)]\;\delta_{c,l,i,j}",
    )
    ALIASES = ("SPP", "pyramid", "池化层")
    EXAMPLES = ({"type": "pyramid_pool", "levels": 3},)
    ID_PREFIX = "spp"
    PICTURE = "pyramid"
    PASSES = True

    type: Literal["pyramid_pool"] = "pyramid_pool"
    levels: int = option(
        3,
        text("levels", "层级数"),
        text("Grids: 1×1, then 2×2, then 4×4, then 8×8.", "网格：1×1、2×2、4×4、8×8。"),
        ge=1,
        le=4,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, height, width = image_input(self, inputs)
        side = min(height, width)
        if side < 2 ** (self.levels - 1):
            least = 2 ** (self.levels - 1)
            expected = text(
                f"a picture of at least {least}×{least}", f"至少 {least}×{least} 的图像"
            )
            raise ShapeMismatch(self, expected, inputs[0], Fix("set", "levels", side.bit_length()))
        return (channels * sum(4**level for level in range(self.levels)),)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.pyramid import PyramidPool as PyramidPoolModule

        return PyramidPoolModule(self.levels)

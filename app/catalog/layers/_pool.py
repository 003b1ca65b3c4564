"""The geometry that pooling by blocks shares. No part of its own."""

from __future__ import annotations

from app.catalog.family import option
from app.catalog.layers._base import Fix, Layer, ShapeMismatch, image_input
from app.core.shapes import Shape
from app.core.text import text


def blocks(
    layer: Layer, inputs: tuple[Shape, ...], size: int, stride: int, padding: int = 0
) -> Shape:
    """(C, H′, W′) of pooling (C, H, W) by blocks; a picture smaller than a block is refused."""
    channels, height, width = image_input(layer, inputs)
    side = min(height, width)
    if side < size:
        expected = text(f"a picture of at least {size}×{size}", f"至少 {size}×{size} 的图像")
        raise ShapeMismatch(layer, expected, inputs[0], Fix("set", "size", side), Fix("remove"))
    return (channels, *((n + 2 * padding - size) // stride + 1 for n in (height, width)))


class Pool(Layer):
    """Blocks of ``size`` × ``size`` cells, ``stride`` apart; input (C, H, W), output (C, H′, W′)."""

    ID_PREFIX = "pool"

    size: int = option(
        2,
        text("size", "窗口边长"),
        text("Side of the block that becomes one cell.", "合并为一格的方块边长。"),
        ge=1,
        le=16,
    )
    stride: int = option(
        2,
        text("stride", "步幅"),
        text("Cells between two blocks.", "相邻两块的间距。"),
        ge=1,
        le=16,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return blocks(self, inputs, self.size, self.stride)

"""The geometry that pooling by blocks shares. No part of its own."""

from __future__ import annotations

from app.catalog.family import option
from app.catalog.layers._base import Fix, Layer, ShapeMismatch, Window, image_input, sequence_input
from app.core.shapes import Shape, laid_out_as
from app.core.text import text


def blocks(layer: Layer, got: Shape, size: int, stride: int, padding: int = 0) -> Shape:
    """(C, *sides′) of pooling (C, *sides) by blocks; what is smaller than a block is refused."""
    side = min(got[1:])
    if side < size:
        expected = (
            text(f"a picture of at least {size}×{size}", f"至少 {size}×{size} 的图像")
            if len(got) > 2
            else text(f"a sequence of at least {size}", f"长度至少 {size} 的序列")
        )
        raise ShapeMismatch(layer, expected, got, Fix("set", "size", side), Fix("remove"))
    return (got[0], *((n + 2 * padding - size) // stride + 1 for n in got[1:]))


class Pool(Layer):
    """Blocks of ``size`` × ``size`` cells, ``stride`` apart; input (C, H, W), output (C, H′, W′)."""

    ID_PREFIX = "pool"
    PASSES = True
    WINDOW = Window(size="size", stride="stride")

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
        return blocks(self, image_input(self, inputs), self.size, self.stride)


class Pool1d(Pool):
    """Blocks of ``size`` values, ``stride`` apart; input (C, L), output (C, L′), or (T, F) and (T′, F)."""

    MASKED = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        pooled = blocks(self, sequence_input(self, inputs), self.size, self.stride)
        return laid_out_as(inputs[0], pooled)

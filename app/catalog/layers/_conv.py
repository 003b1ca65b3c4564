"""The fields and the geometry that convolutions share. No part of its own."""

from __future__ import annotations

from math import prod
from typing import Any

from app.catalog.family import option
from app.catalog.initializers import DefaultInitializer
from app.catalog.layers._base import Fix, Layer, Parameter, ShapeMismatch
from app.core.shapes import Shape, channels_first
from app.core.text import Text, text

WIDEST_PADDING = 15


def filters_option(default: int) -> Any:
    """Output maps."""
    title = text("output maps", "输出特征图数")
    return option(
        default, title, text("Number of output maps.", "输出特征图的数目。"), ge=1, le=512
    )


SIDE = text("Side of the square kernel.", "方形卷积核的边长。")
AROUND = text("Rows and columns of zeros around the picture.", "图像四周填充的零的行列数。")


def kernel_option(default: int, help: Text = SIDE) -> Any:
    """Side of a square kernel, or the length of one for sequences."""
    return option(default, text("kernel", "卷积核边长"), help, ge=1, le=31)


def stride_option() -> Any:
    """Cells between two places of the kernel."""
    return option(
        1,
        text("stride", "步幅"),
        text("Cells the kernel moves at a time.", "卷积核每次移动的格数。"),
        ge=1,
        le=16,
    )


def padding_option(default: int = 0, help: Text = AROUND) -> Any:
    """Zeros around the picture."""
    return option(default, text("padding", "填充"), help, ge=0, le=WIDEST_PADDING)


def bias_option() -> Any:
    """Whether each map gets a bias."""
    return option(
        True,
        text("bias", "偏置"),
        text("Add one trainable number per map.", "每张特征图加一个可训练的数。"),
    )


def init_option() -> Any:
    """How the kernels start."""
    title = text("initial weights", "权值初始化")
    return option(DefaultInitializer(), title, text("How the kernels start.", "卷积核的初始值。"))


def slid(
    layer: Layer,
    got: Shape,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Shape:
    """Sides after a kernel has slid over ``got`` (channels, *sides): ⌊(n+2p−d(k−1)−1)/s⌋+1.

    What is smaller than the kernel is refused, with repairs in the layer's own fields.
    """
    reach = dilation * (kernel - 1) + 1
    side = min(got[1:]) + 2 * padding
    if side < reach:
        fixes = [Fix("set", "kernel", (side - 1) // dilation + 1)]
        need = (reach - side + 1) // 2 + padding
        if "padding" in type(layer).model_fields and need <= WIDEST_PADDING:
            fixes.append(Fix("set", "padding", need))
        least = "×".join([str(reach)] * (len(got) - 1))
        expected = (
            text(f"a picture of at least {least} after padding", f"填充后至少 {least} 的图像")
            if len(got) > 2
            else text(
                f"a sequence of at least {least} after padding", f"填充后长度至少 {least} 的序列"
            )
        )
        raise ShapeMismatch(layer, expected, got, *fixes)
    return tuple((n + 2 * padding - reach) // stride + 1 for n in got[1:])


def check_groups(layer: Layer, got: Shape, filters: int, groups: int) -> None:
    """Refuse groups that do not divide both inputs and filters."""
    channels = got[0]
    if not (channels % groups or filters % groups):
        return
    fit = max(g for g in range(1, groups) if not (channels % g or filters % g))
    expected = text(
        f"groups that divide {channels} input maps and {filters} output maps (not {groups})",
        f"能整除 {channels} 张输入特征图与 {filters} 张输出特征图的分组数（而非 {groups}）",
    )
    raise ShapeMismatch(layer, expected, got, Fix("set", "groups", fit))


def swept(layer: Layer, inputs: tuple[Shape, ...]) -> int:
    """Multiply-accumulates of a kernel that slides: every weight is used once at every place."""
    return prod(channels_first(layer.output_shape(inputs))[1:]) * layer.parameters(inputs)[0].count


def weights(shape: Shape, maps: int, *, bias: bool = True) -> tuple[Parameter, ...]:
    """The kernels and, where there is one, the bias of every map."""
    weight = Parameter(name="weight", shape=shape)
    return (weight, Parameter(name="bias", shape=(maps,))) if bias else (weight,)


def groups_option() -> Any:
    """Maps that do not see one another."""
    return option(
        1,
        text("groups", "分组"),
        text(
            "Groups of maps that do not see one another; must divide input maps and output maps.",
            "互不相连的特征图组数；须整除输入与输出通道数。",
        ),
        ge=1,
        le=256,
    )


def dilation_option() -> Any:
    """Cells between neighbours of the kernel."""
    return option(
        1,
        text("dilation", "膨胀"),
        text("Distance between neighbouring kernel cells.", "卷积核相邻格之间的间距。"),
        ge=1,
        le=8,
    )

"""The fields that convolutions share. No part of its own."""

from __future__ import annotations

from typing import Any

from app.catalog.family import option
from app.catalog.initializers import DefaultInitializer
from app.core.text import text


def filters_option(default: int) -> Any:
    """Output maps."""
    title = text("filters", "输出通道数")
    return option(
        default, title, text("Number of output maps.", "输出特征图的数目。"), ge=1, le=512
    )


def kernel_option(default: int) -> Any:
    """Side of a square kernel."""
    title = text("kernel", "卷积核边长")
    return option(
        default, title, text("Side of the square kernel.", "方形卷积核的边长。"), ge=1, le=31
    )


def stride_option() -> Any:
    """Cells between two places of the kernel."""
    return option(
        1,
        text("stride", "步幅"),
        text("Cells the kernel moves at a time.", "卷积核每次移动的格数。"),
        ge=1,
        le=16,
    )


def padding_option(default: int = 0) -> Any:
    """Zeros around the picture."""
    return option(
        default,
        text("padding", "填充"),
        text("Rows and columns of zeros around the picture.", "图像四周补零的行列数。"),
        ge=0,
        le=15,
    )


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

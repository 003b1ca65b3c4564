"""Max pooling over square blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import POOLING, Window, image_input
from app.catalog.layers._pool import Pool, blocks
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class MaxPool2d(Pool):
    """Maximum of every block; the sensitivity goes to the winner alone."""

    TITLE = text("Max pool", "最大池化")
    SUMMARY = text(
        "Keeps the largest value of every block: small shifts of the picture change little.",
        "每块保留最大值：图像稍有平移，输出变化很小。",
    )
    DOC_ZH = "取每块的最大值；灵敏度只传给最大格。"
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"x_j = \max_{(u,v)\in\text{block}} x_{uv}",
        backward=r"\delta^{\ell} = m \circ \mathrm{up}(\delta^{\ell+1})",
    )
    ALIASES = ("降采样", "max pooling", "池化层", "pooling", "下采样")
    EXAMPLES = (
        {"type": "max_pool2d", "size": 2, "stride": 2},
        {"type": "max_pool2d", "size": 3, "stride": 1, "padded": True},
    )
    WINDOW = Window(size="size", stride="stride", half_padding="padded", winner=True)

    type: Literal["max_pool2d"] = "max_pool2d"
    padded: bool = option(
        False,
        text("padded edge", "边缘填充"),
        text(
            "Let windows reach half their side over the edge; an odd window with stride 1 then keeps the "
            "size of the picture.",
            "窗口可越过边缘半个边长；奇数窗口配步幅 1 时图像大小不变。",
        ),
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return blocks(self, image_input(self, inputs), self.size, self.stride, self.padding)

    @property
    def padding(self) -> int:
        """Cells beyond the edge on each side; none of them ever wins."""
        return self.size // 2 if self.padded else 0

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.MaxPool2d(self.size, self.stride, self.padding)

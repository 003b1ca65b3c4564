"""Nearest-neighbour up-sampling: the chapter's up()."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import CONVOLUTION, Layer, map_input
from app.core.shapes import Shape, Steps, laid_out_as
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Upsample(Layer):
    """Repeats every cell factor × factor times. Input (C, H, W), output (C, fH, fW); a sequence (C, L)
    becomes (C, fL), and (T, F) becomes (fT, F)."""

    TITLE = text("Upsample", "上采样")
    SUMMARY = text(
        "Makes a picture or a sequence larger by repeating every cell: the way back in an autoencoder.",
        "重复每一格来放大图像或序列：自编码器的还原之路。",
    )
    DOC_ZH = "把每一格重复 factor × factor 次。输入 (C, H, W)，输出 (C, fH, fW)；序列 (C, L) 变为 (C, fL)，(T, F) 变为 (fT, F)。"
    GROUP = CONVOLUTION
    FORMULA = Formula(
        forward=r"x = \mathrm{up}(x^{\ell-1})",
        backward=r"\delta^{\ell-1} = \sum_{\text{block}} \delta^\ell",
    )
    ALIASES = (
        "nearest",
        "up",
        "autoencoder",
    )
    EXAMPLES = ({"type": "upsample"},)
    ID_PREFIX = "up"
    PASSES = True

    type: Literal["upsample"] = "upsample"
    factor: int = option(
        2,
        text("factor", "倍数"),
        text("How many times each cell is repeated.", "每格重复的次数。"),
        ge=2,
        le=8,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        channels, *sides = map_input(self, inputs)
        return laid_out_as(inputs[0], (channels, *(side * self.factor for side in sides)))

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.repeat import Repeat
        from app.nn.steps import StepsRepeat

        return (StepsRepeat if isinstance(inputs[0], Steps) else Repeat)(self.factor)

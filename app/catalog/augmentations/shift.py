"""Move pictures by whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.augmentations._base import Augmentation
from app.catalog.family import Formula, option
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Shift(Augmentation):
    """Every picture moves by as many whole pixels as are drawn for it; what comes in is 0."""

    TITLE = text("Shift", "平移")
    SUMMARY = text(
        "Moves each picture a few pixels: the network learns that place does not matter.",
        "将每幅图像平移几个像素：让网络学会位置无关紧要。",
    )
    DOC_ZH = "每幅图像按各自抽取的整数像素平移；移入部分为 0。"
    FORMULA = Formula(forward=r"x'_{i,j} = x_{i-d_1,\,j-d_2},\quad d_1, d_2 \in \{-s,\dots,s\}")
    ALIASES = ("translate", "crop", "位移")
    EXAMPLES = ({"type": "shift", "pixels": 2},)

    type: Literal["shift"] = "shift"
    pixels: int = option(
        2,
        text("pixels", "像素"),
        text("How far at most, in each direction.", "每个方向的最大位移。"),
        ge=1,
        le=64,
    )

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        reach = self.pixels
        padded = np.pad(picture, reach)
        height, width = picture.shape
        corners = ((0, 0), (0, 2 * reach), (2 * reach, 0), (2 * reach, 2 * reach))
        return tuple(padded[y : y + height, x : x + width] for y, x in corners)

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        import torch
        from torch.nn import functional

        count, _, height, width = x.shape
        reach = self.pixels
        by = torch.randint(0, 2 * reach + 1, (2, count, 1, 1), device=x.device, generator=draws)
        padded = functional.pad(x.permute(0, 2, 3, 1), (0, 0, reach, reach, reach, reach))
        sample = torch.arange(count, device=x.device).view(-1, 1, 1)
        rows = torch.arange(height, device=x.device).view(1, -1, 1) + by[0]
        columns = torch.arange(width, device=x.device).view(1, 1, -1) + by[1]
        return padded[sample, rows, columns].permute(0, 3, 1, 2)

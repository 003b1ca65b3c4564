"""Make pictures larger or smaller about their middle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from app.catalog.augmentations._base import Augmentation, seen, turns, uniform, warped
from app.catalog.family import Formula, option
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Zoom(Augmentation):
    """Every picture is scaled by a factor drawn for it, evenly on a logarithmic scale; values between
    pixels are interpolated."""

    TITLE = text("Zoom", "缩放")
    SUMMARY = text("Makes each picture a little larger or smaller.", "将每幅图像略微放大或缩小。")
    DOC_ZH = "每幅图像按各自抽取的倍数缩放，倍数在对数尺度上均匀分布；像素之间的值由插值得到。"
    FORMULA = Formula(forward=r"x'(p) = x(p / z),\quad \ln z \in [-\ln f, \ln f]")
    ALIASES = ("scale", "resize", "放大")
    EXAMPLES = ({"type": "zoom", "factor": 1.2},)

    type: Literal["zoom"] = "zoom"
    factor: float = option(
        1.2,
        text("factor", "倍数"),
        text("How much larger, or smaller, at most.", "最大的放大或缩小倍数。"),
        ge=1.0,
        le=3.0,
    )

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        return seen(picture, 0.0, 1.0 / self.factor), seen(picture, 0.0, self.factor)

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        import torch

        reach = math.log(self.factor)
        scale = torch.exp(uniform(x.shape[0], -reach, reach, x, draws))
        return warped(x, turns(torch.zeros_like(scale), scale, x))

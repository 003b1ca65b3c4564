"""Turn pictures about their middle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from app.catalog.augmentations._base import Augmentation, seen, turns, uniform, warped
from app.catalog.family import Formula, option
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Rotate(Augmentation):
    """Every picture is turned by an angle drawn for it; values between pixels are interpolated."""

    TITLE = text("Rotate", "旋转")
    SUMMARY = text(
        "Turns each picture a little, as a hand would.", "将每幅图像略微旋转，如手写时的倾斜。"
    )
    DOC_ZH = "每幅图像旋转各自抽取的角度；像素之间的值由插值得到。"
    FORMULA = Formula(forward=r"x'(p) = x(R_\alpha^{-1} p),\quad \alpha \in [-a, a]")
    ALIASES = ("turn", "转动")
    EXAMPLES = ({"type": "rotate", "degrees": 10},)

    type: Literal["rotate"] = "rotate"
    degrees: float = option(
        10.0,
        text("degrees", "角度"),
        text("How far at most, to either side.", "向两侧的最大角度。"),
        ge=0.0,
        le=180.0,
    )

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        reach = math.radians(self.degrees)
        return seen(picture, -reach, 1.0), seen(picture, reach, 1.0)

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        import torch

        reach = math.radians(self.degrees)
        angle = uniform(x.shape[0], -reach, reach, x, draws)
        return warped(x, turns(angle, torch.ones_like(angle), x))

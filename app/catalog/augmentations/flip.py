"""Mirror pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.augmentations._base import Augmentation, uniform
from app.catalog.family import Formula, option
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Flip(Augmentation):
    """Every picture is mirrored with a probability of its own; not for digits, whose mirror image is
    another sign."""

    TITLE = text("Flip", "翻转")
    SUMMARY = text(
        "Mirrors pictures at random: left and right, or top and bottom.",
        "随机镜像图像：左右或上下。",
    )
    DOC_ZH = "每幅图像以各自的概率被镜像；不适用于数字，因为其镜像是另一个符号。"
    FORMULA = Formula(forward=r"x'_{i,j} = x_{i,\,W-1-j} \text{ with probability } p")
    ALIASES = ("mirror", "镜像")
    EXAMPLES = ({"type": "flip"}, {"type": "flip", "axis": "vertical", "rate": 0.25})

    type: Literal["flip"] = "flip"
    axis: Literal["horizontal", "vertical"] = option(
        "horizontal",
        text("direction", "方向"),
        text(
            "Horizontal swaps left and right, vertical top and bottom.",
            "水平交换左右，垂直交换上下。",
        ),
        labels={"horizontal": text("horizontal", "水平"), "vertical": text("vertical", "垂直")},
    )
    rate: float = option(
        0.5,
        text("probability", "概率"),
        text("How often a picture is mirrored.", "图像被镜像的概率。"),
        ge=0.0,
        le=1.0,
    )

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        return (picture[:, ::-1] if self.axis == "horizontal" else picture[::-1],)

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        mirrored = uniform(x.shape[0], 0.0, 1.0, x, draws) < self.rate
        other = x.flip(3 if self.axis == "horizontal" else 2)
        return other.where(mirrored.view(-1, 1, 1, 1), x)

"""Add normal noise to the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.augmentations._base import Augmentation
from app.catalog.family import Formula, option
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Noise(Augmentation):
    """Independent normal noise on every value. Pictures may leave 0…1."""

    TITLE = text("Input noise", "输入噪声")
    SUMMARY = text(
        "Adds a little chance to every value, so that none is learned by heart.",
        "给每个数值加少许随机扰动，避免死记硬背。",
    )
    DOC_ZH = "给每个数值加上独立的正态噪声。图像的值可能超出 0…1。"
    FORMULA = Formula(forward=r"x' = x + \sigma\,\varepsilon,\quad \varepsilon \sim N(0, 1)")
    ALIASES = ("jitter", "gaussian", "抖动")
    EXAMPLES = ({"type": "noise", "deviation": 0.1},)
    KINDS = frozenset({"image", "points", "tabular"})

    type: Literal["noise"] = "noise"
    deviation: float = option(
        0.1,
        text("deviation", "标准差"),
        text("Standard deviation of the noise.", "噪声的标准差。"),
        ge=0.0,
        le=2.0,
    )

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        chance = np.random.default_rng(0).standard_normal((2, *picture.shape))
        return tuple(picture + self.deviation * one for one in chance)

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        import torch

        chance = torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=draws)
        return x + self.deviation * chance

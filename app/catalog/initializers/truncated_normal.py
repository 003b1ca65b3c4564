"""Normal weights without the tails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import TINY, Spread, points
from app.catalog.plot import Place, Reals, normal_density
from app.core.text import text

if TYPE_CHECKING:
    import torch


class TruncatedNormal(Initializer):
    """Normal with standard deviation ``std``, drawn within two of them; bias 0."""

    TITLE = text("Truncated normal", "截断正态")
    SUMMARY = text(
        "Normally distributed, but never further than two σ from zero.",
        "正态分布，但不超出零点两倍 σ。",
    )
    DOC_ZH = "标准差为 std 的正态分布，限于两倍标准差之内；偏置为 0。"
    FORMULA = Formula(forward=r"w \sim N(0, \sigma^2),\ |w| \le 2\sigma")
    EXAMPLES = ({"type": "truncated_normal"},)

    type: Literal["truncated_normal"] = "truncated_normal"
    std: float = option(
        0.1,
        text("σ", "σ"),
        text("Standard deviation before the cut.", "截断前的标准差。"),
        ge=TINY,
        le=10.0,
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        from torch.nn import init

        init.trunc_normal_(tensor, 0.0, self.std, -2 * self.std, 2 * self.std, generator)

    def spread(self, place: Place) -> Spread:
        if self.std < TINY:
            return points((0.0, 1.0))
        inside = math.erf(2.0**0.5)

        def density(w: Reals) -> Reals:
            bell = normal_density(w / self.std) / (self.std * inside)
            return np.where(np.abs(w) <= 2.0 * self.std, bell, 0.0)

        return Spread(2.0 * self.std, density)

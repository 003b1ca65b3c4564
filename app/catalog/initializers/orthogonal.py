"""Orthogonal weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._gain import Nonlinearity, gain_of, nonlinearity_option
from app.catalog.initializers._spread import TINY, Spread, points
from app.catalog.plot import Place, Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Orthogonal(Initializer):
    """Rows (or columns) at right angles, of one length; bias 0.

    The length is ``gain`` times the gain of the chosen activation. Source: Saxe et al., ICLR 2014.
    """

    TITLE = text("Orthogonal", "正交")
    SUMMARY = text(
        "Rows at right angles: signals keep their length through many layers.",
        "各行相互正交：信号经过多层仍保持长度。",
    )
    DOC_ZH = (
        "各行（或各列）互相垂直且等长；偏置为 0。\n\n"
        "长度为 gain 乘以所选激励函数的增益。出处：Saxe 等，ICLR 2014。"
    )
    FORMULA = Formula(forward=r"W W^{\mathsf T} = g^2 I")
    EXAMPLES = ({"type": "orthogonal"},)

    type: Literal["orthogonal"] = "orthogonal"
    gain: float = option(
        1.0, text("gain g", "增益 g"), text("Length of each row.", "每行的长度。"), ge=TINY, le=10.0
    )
    nonlinearity: Nonlinearity = nonlinearity_option("linear")

    def _length(self, gain: float) -> float:
        return self.gain * gain_of(self.nonlinearity, gain)

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        from torch.nn import init

        init.orthogonal_(tensor, self._length(gain), generator)

    def spread(self, place: Place) -> Spread:
        """A cell of a random unit vector of n cells: density ∝ (1 − t²)^((n−3)/2) for t = w/g."""
        length, n = self._length(place.gain), max(place.fan_in, place.units)
        if length < TINY:
            return points((0.0, 1.0))
        if n == 1:
            return points((-length, 0.5), (length, 0.5))
        scale = math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2)) / math.pi**0.5 / length

        def density(w: Reals) -> Reals:
            inside = np.clip(1.0 - (w / length) ** 2, 1e-2, None)
            return np.where(np.abs(w) <= length, scale * inside ** ((n - 3) / 2), 0.0)

        return Spread(min(length, 3.5 * length / n**0.5), density)

"""How weights are spread: a density, or shares at single values; and the picture of it. No part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.catalog.plot import Line, Place, Plot, Reals, Spike, axis, line, normal_density
from app.core.text import text

WEIGHT = text("weight w", "权值 w")
DENSITY = text("density", "概率密度")
TINY = 1e-12
"""A narrower spread is drawn as one point."""


@dataclass(frozen=True)
class Spread:
    """A distribution on −reach…reach: ``density`` of w (N,), or ``spikes`` (value, share)."""

    reach: float
    density: Callable[[Reals], Reals] | None = None
    spikes: tuple[tuple[float, float], ...] = ()

    def plot(self, place: Place) -> Plot:
        """A little more than the range, so that its ends are seen."""
        w = axis(1.15 * self.reach or 1.0)
        lines: tuple[Line, ...] = ()
        if self.density is not None:
            lines = (line(DENSITY, self.density(w), filled=True),)
        note = text(
            f"For a layer of {place.fan_in} inputs a unit.",
            f"每个单元有 {place.fan_in} 个输入的层。",
        )
        spikes = tuple(Spike(x=x, y=share) for x, share in self.spikes)
        return Plot(x_name=WEIGHT, x=tuple(w.tolist()), lines=lines, spikes=spikes, note=note)


def points(*spikes: tuple[float, float]) -> Spread:
    """Shares at single values, one or more."""
    return Spread(max(abs(x) for x, _ in spikes) or 1.0, spikes=spikes)


def normal(std: float) -> Spread:
    """N(0, std²), drawn over ±3½ std."""
    if std < TINY:
        return points((0.0, 1.0))
    return Spread(3.5 * std, lambda w: normal_density(w / std) / std)


def uniform(bound: float) -> Spread:
    """U(−bound, bound)."""
    if bound < TINY:
        return points((0.0, 1.0))
    return Spread(bound, lambda w: np.where(np.abs(w) <= bound, 0.5 / bound, 0.0))

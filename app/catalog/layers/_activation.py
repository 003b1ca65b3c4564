"""What all activations share: a value in, a value out, a curve and its slope. No part of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any, ClassVar

import numpy as np

from app.catalog.layers._base import ACTIVATION, Layer
from app.catalog.plot import ANYWHERE, Place, Plot, Reals, axis, line, normal_density
from app.core.reach import ANY, SLACK, Reach
from app.core.shapes import Shape
from app.core.text import Text, text

INPUT_VALUE = text("net input u", "净激活值 u")
VALUE = text("φ(u)", "φ(u)")
SLOPE = text("φ′(u)", "φ′(u)")
FLAT = 0.1
"""A slope below this share of the steepest counts as saturated."""
REACH_POINTS = 2001
FAR = 30.0
"""Where a function shows how it ends."""


@dataclass(frozen=True)
class Ends:
    """What becomes of a function far from 0."""

    dies: bool
    """Exactly flat on one side: a unit that stays there learns nothing."""
    steepest: float
    flat: tuple[float, float] | None
    """Of one that flattens on both sides, the values of φ below and above which it is saturated."""


class Activation(Layer):
    """A function of every value alone."""

    GROUP = ACTIVATION
    POINTWISE = True
    BY_STEP = True
    GAIN: ClassVar[float | None] = None
    """torch.nn.init.calculate_gain's number, where it has one."""
    PLOT_NOTE: ClassVar[Text | None] = None
    """Which case the curve shows, where the function has more than one."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        """φ(u) and φ′(u), both (N,), in evaluation mode; NumPy, no torch."""
        raise TypeError(f"{type(self).__name__} declares no curve")

    def case(self, u: Reals) -> Reals:
        """The layer's input (N, features) whose first output feature is the curve's φ(u)."""
        return u[:, None]

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        """Least and greatest φ over the input's values; without an end where φ goes on that way."""
        low, high = (min(max(end, -FAR), FAR) for end in reaches[0])
        try:
            value, slope = self.curve(np.linspace(low, high, REACH_POINTS))
        except TypeError:
            return ANY
        ends = [float(value.min()), float(value.max())]
        for place, end, way in ((0, reaches[0][0], -1.0), (-1, reaches[0][1], 1.0)):
            towards = way * float(slope[place])
            if abs(end) > FAR and abs(towards) > SLACK:
                ends[int(towards > 0.0)] = inf if towards > 0.0 else -inf
        return (ends[0], ends[1])

    def gain(self) -> float | None:
        """What weights before it are multiplied by, so that signals keep their size.

        PyTorch's number where it has one; else the root of 1/E φ(z)² for a standard normal z, which
        gives PyTorch's numbers for ReLU and leaky ReLU.
        """
        return self.GAIN if self.GAIN is not None else _measured(self)

    def ends(self) -> Ends | None:
        """Null where it tells no curve."""
        return _ends(self)

    @classmethod
    def facts(cls) -> dict[str, Any]:
        """With its default options, whether it ``dies`` and where it is ``flat``."""
        ends = cls().ends() if cls.POINTWISE else None
        own = {"dies": ends.dies, "flat": ends.flat and list(ends.flat)} if ends else {}
        return {**super().facts(), **own}

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        u = axis()
        value, slope = self.curve(u)
        lines = (line(VALUE, value), line(SLOPE, slope))
        return Plot(x_name=INPUT_VALUE, x=tuple(u.tolist()), lines=lines, note=self.PLOT_NOTE)


@lru_cache(maxsize=256)
def _ends(activation: Activation) -> Ends | None:
    try:
        value, slope = activation.curve(axis(reach=FAR, points=24_001))
    except TypeError:
        return None
    size = np.abs(slope)
    steepest = float(size.max())
    lower, upper = sorted((float(size[0]), float(size[-1])))
    if upper >= FLAT * steepest:
        return Ends(lower == 0.0, steepest, None)
    inside = value[size >= FLAT * steepest]
    return Ends(False, steepest, (float(inside.min()), float(inside.max())))


@lru_cache(maxsize=256)
def _measured(activation: Activation) -> float:
    z = axis(reach=10.0, points=20_001)
    mean_square = np.trapezoid(activation.curve(z)[0] ** 2 * normal_density(z), z)
    return float(min(100.0, max(mean_square, 1e-4) ** -0.5))

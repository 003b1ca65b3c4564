"""What all activations share: a value in, a value out, a curve and its slope. No part of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from app.catalog.layers._base import ACTIVATION, Layer
from app.catalog.plot import ANYWHERE, Place, Plot, Reals, axis, line, normal_density
from app.core.shapes import Shape
from app.core.text import Text, text

INPUT_VALUE = text("net input u", "净激活值 u")
VALUE = text("φ(u)", "φ(u)")
SLOPE = text("φ′(u)", "φ′(u)")


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

    def gain(self) -> float | None:
        """What weights before it are multiplied by, so that signals keep their size.

        PyTorch's number where it has one; else the root of 1/E φ(z)² for a standard normal z, which
        gives PyTorch's numbers for ReLU and leaky ReLU.
        """
        return self.GAIN if self.GAIN is not None else _measured(self)

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        u = axis()
        value, slope = self.curve(u)
        lines = (line(VALUE, value), line(SLOPE, slope))
        return Plot(x_name=INPUT_VALUE, x=tuple(u.tolist()), lines=lines, note=self.PLOT_NOTE)


@lru_cache(maxsize=256)
def _measured(activation: Activation) -> float:
    z = axis(reach=10.0, points=20_001)
    mean_square = np.trapezoid(activation.curve(z)[0] ** 2 * normal_density(z), z)
    return float(min(100.0, max(mean_square, 1e-4) ** -0.5))

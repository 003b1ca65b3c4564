"""Plot: the picture that a part draws of itself, as sampled numbers. Knows no colours and no pixels."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from app.core.numbers import TINY
from app.core.text import Text

Reals = NDArray[np.float64]
Number = Annotated[float, Field(allow_inf_nan=False)]
POINTS = 161
EXTENT = 5.0


class Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(Plain):
    """One curve over the plot's ``x``; ``filled`` where the area below it means something."""

    name: Text
    y: tuple[Number, ...]
    filled: bool = False


class Spike(Plain):
    """A share ``y`` of all values lies exactly at ``x``."""

    x: Number
    y: Number


class Plot(Plain):
    """Curves over one axis, or spikes on it; ``note`` says which case is drawn."""

    x_name: Text
    x: tuple[Number, ...]
    lines: tuple[Line, ...] = ()
    spikes: tuple[Spike, ...] = ()
    note: Text | None = None


class Place(Plain):
    """Where a part stands, for what depends on it: the size of a layer and what follows it.

    ``fan_in`` inputs of one unit, ``fan_out`` units of one input, ``units`` rows of the weight;
    ``gain`` of the activation that follows.
    """

    fan_in: int = Field(64, ge=1, le=50_000_000)
    fan_out: int = Field(64, ge=1, le=50_000_000)
    units: int = Field(64, ge=1, le=50_000_000)
    gain: float = Field(1.0, ge=TINY, le=100.0, allow_inf_nan=False)


ANYWHERE = Place()
"""A layer of 64 inputs and 64 units, for a part that is drawn outside of any network."""


def axis(reach: float = EXTENT, points: int = POINTS) -> Reals:
    """(points,) from −reach to reach, 0 among them for an odd count."""
    return np.linspace(-reach, reach, points)


def line(name: Text, y: Reals, *, filled: bool = False) -> Line:
    return Line(name=name, y=tuple(y.tolist()), filled=filled)


def sigmoid(u: Reals) -> Reals:
    """1/(1+e⁻ᵘ), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * u)), dtype=np.float64)


def normal_density(u: Reals) -> Reals:
    """φ, the standard normal density."""
    return np.asarray(np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi), dtype=np.float64)


def normal_share(u: Reals) -> Reals:
    """Φ, the standard normal distribution function."""
    erf = np.array([math.erf(value / math.sqrt(2.0)) for value in u.ravel()])
    return np.asarray(0.5 * (1.0 + erf.reshape(u.shape)), dtype=np.float64)

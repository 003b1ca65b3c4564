"""The layers. :data:`LAYERS` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Family
from app.catalog.layers._base import (
    ACTIVATION,
    CONVOLUTION,
    DENSE,
    POOLING,
    RECURRENT,
    REGULARISATION,
    Fix,
    Layer,
    Parameter,
    ShapeMismatch,
    count,
    fitted,
)

LAYERS: Family[Layer] = Family(
    "layers", Layer, __name__, (CONVOLUTION, POOLING, RECURRENT, DENSE, ACTIVATION, REGULARISATION)
)

if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = LAYERS.union()

__all__ = [
    "ACTIVATION",
    "LAYERS",
    "REGULARISATION",
    "AnyLayer",
    "Fix",
    "Layer",
    "Parameter",
    "ShapeMismatch",
    "count",
    "fitted",
]

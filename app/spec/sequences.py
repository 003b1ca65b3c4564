"""The shape of a data set's samples: that of a series says that its first axis is time."""

from __future__ import annotations

from app.catalog.datasets import Dataset
from app.core.shapes import Shape, Steps


def sample_shape(dataset: Dataset) -> Shape:
    """Of the kind ``sequence`` it is (steps, features)."""
    shape = dataset.input_shape
    return Steps(*shape) if dataset.KIND == "sequence" and len(shape) == 2 else shape

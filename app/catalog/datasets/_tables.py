"""What the bundled tables share: named columns, standardising, the recorded cut. No set of its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import TABLES, Data, Dataset, Feature
from app.catalog.datasets._bundled import FOLDER
from app.catalog.family import option
from app.core.shapes import Shape
from app.core.text import Text, text


class BundledTable(Dataset):
    """Rows of numbers in ``bundled/<FILE>.npz``, those of the training part first."""

    GROUP = TABLES
    KIND = "tabular"
    FILE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Text, ...]]
    PREDICTED: ClassVar[Text]
    """What a regression tells."""
    SIZES: ClassVar[tuple[int, int]]

    standardise: bool = option(
        True,
        text("standardise", "标准化"),
        text(
            "Bring every column to mean 0 and deviation 1 over the training part, a number that is "
            "predicted too.",
            "按训练部分将每列变换为均值 0、标准差 1，被预测的数值也一样。",
        ),
    )

    @property
    def input_shape(self) -> Shape:
        return (len(self.COLUMNS),)

    @property
    def targets(self) -> int:
        return len(self.CLASSES) if self.TASK == "classification" else 1

    @property
    def sizes(self) -> tuple[int, int]:
        return self.SIZES

    def features_of(self, root: Path) -> tuple[Feature, ...]:
        centre, scale = self._scale(_read(self.FILE)[0])
        return tuple(
            Feature(name, float(middle), float(unit))
            for name, middle, unit in zip(self.COLUMNS, centre, scale, strict=True)
        )

    def value(self, root: Path) -> Feature | None:
        if self.TASK == "classification":
            return None
        centre, scale = self._scale(_read(self.FILE)[1][:, None])
        return Feature(self.PREDICTED, float(centre[0]), float(scale[0]))

    def _scale(self, values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not self.standardise:
            return np.zeros(values.shape[1]), np.ones(values.shape[1])
        train = values[: self.SIZES[0]].astype(np.float64)
        return train.mean(0), train.std(0)

    def load(self, root: Path) -> Data:
        values, targets = _read(self.FILE)
        centre, scale = self._scale(values)
        x = ((values - centre) / scale).astype(np.float32)
        if self.TASK == "classification":
            y: NDArray[Any] = targets.astype(np.int64)
        else:
            middle, unit = self._scale(targets[:, None])
            y = ((targets[:, None] - middle) / unit).astype(np.float32)
        train = self.SIZES[0]
        return Data(x[:train], y[:train], x[train:], y[train:])


@lru_cache(maxsize=8)
def _read(name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        return file["values"], file["targets"]

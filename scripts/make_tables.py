"""The bundled tables of `make_datasets.py`: which files of which package, and how they are read.

A table becomes `values` (float32, rows × features, the source's own numbers) and `targets`: uint8
classes, or float32 numbers.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TableSource:
    """Files inside one pinned package, and the file made from them. Without `class_counts` the
    target is a number, in a file of its own."""

    name: str
    requirement: str
    members: tuple[tuple[str, str], ...]
    """(path, SHA-256) of each file."""
    features: int
    rows: int
    class_counts: tuple[int, ...]
    train: int
    seed: int


_FOLDER: Final = "sklearn/datasets/data"
TABLES: Final = (
    TableSource(
        name="iris.npz",
        requirement="scikit-learn==1.9.1",
        members=(
            (
                f"{_FOLDER}/iris.csv",
                "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449",
            ),
        ),
        features=4,
        rows=150,
        class_counts=(50, 50, 50),
        train=120,
        seed=19360,
    ),
    TableSource(
        name="wine.npz",
        requirement="scikit-learn==1.9.1",
        members=(
            (
                f"{_FOLDER}/wine_data.csv",
                "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
            ),
        ),
        features=13,
        rows=178,
        class_counts=(59, 71, 48),
        train=142,
        seed=19910,
    ),
    TableSource(
        name="breast_cancer.npz",
        requirement="scikit-learn==1.9.1",
        members=(
            (
                f"{_FOLDER}/breast_cancer.csv",
                "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
            ),
        ),
        features=30,
        rows=569,
        class_counts=(212, 357),
        train=455,
        seed=19950,
    ),
    TableSource(
        name="diabetes.npz",
        requirement="scikit-learn==1.9.1",
        members=(
            (
                f"{_FOLDER}/diabetes_data_raw.csv.gz",
                "7fc0ded571454b1982210d3bb43f0aca44eae01a0b8654a3b24022bdb6b38009",
            ),
            (
                f"{_FOLDER}/diabetes_target.csv.gz",
                "8e53f65eb811df43c206f3534bb3af0e5fed213bc37ed6ba36310157d6023803",
            ),
        ),
        features=10,
        rows=442,
        class_counts=(),
        train=354,
        seed=20040,
    ),
)


def parse_table(
    source: TableSource, files: list[bytes]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """(values, targets) of the table, checked."""
    if source.class_counts:
        # the first line counts the rows and names the classes; the class is the last column
        table = np.loadtxt(io.BytesIO(files[0]), delimiter=",", skiprows=1, ndmin=2)
        values, classes = table[:, :-1], table[:, -1].astype(np.uint8)
        counts = tuple(int(count) for count in np.bincount(classes))
        if counts != source.class_counts:
            raise ValueError(f"{source.name}: expected classes {source.class_counts}, got {counts}")
        targets: NDArray[Any] = classes
    else:
        values, targets = (np.loadtxt(io.BytesIO(gzip.decompress(one))) for one in files)
        targets = targets.astype(np.float32)
    if values.shape != (source.rows, source.features) or not np.isfinite(values).all():
        raise ValueError(f"{source.name}: expected {source.rows}×{source.features} finite numbers")
    return values.astype(np.float32), targets

"""The data sets. :data:`DATASETS` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.datasets._base import (
    OWN,
    PICTURES,
    POINTS,
    SEQUENCES,
    TABLES,
    TEXTS,
    Data,
    Dataset,
    Feature,
)
from app.catalog.datasets._shelf import SHELF
from app.catalog.datasets._tokens import TokenSet
from app.catalog.family import Family

DATASETS: Family[Dataset] = Family(
    "datasets", Dataset, __name__, groups=(PICTURES, POINTS, SEQUENCES, TEXTS, TABLES, OWN)
)

if TYPE_CHECKING:
    AnyDataset = Dataset
else:
    AnyDataset = DATASETS.union()

__all__ = ["DATASETS", "SHELF", "AnyDataset", "Data", "Dataset", "Feature", "TokenSet"]

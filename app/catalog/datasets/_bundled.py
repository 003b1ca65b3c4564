"""Reads the compact picture files that ship with the package. See bundled/PROVENANCE.md."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from app.catalog.datasets._base import Data

FOLDER = Path(__file__).parent / "bundled"


@lru_cache(maxsize=4)
def pictures(name: str, train: int, top: float) -> Data:
    """The set ``name``: pictures scaled from 0…``top`` to 0…1, cut into the first ``train`` and the rest."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        images = (file["images"].astype(np.float32) / np.float32(top))[:, None]
        labels = file["labels"].astype(np.int64)
    for array in (images, labels):
        array.setflags(write=False)
    return Data(images[:train], labels[:train], images[train:], labels[train:])

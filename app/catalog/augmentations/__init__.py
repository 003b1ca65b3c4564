"""Augmentations: random changes of training samples. :data:`AUGMENTATIONS` finds every file here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.augmentations._base import Augmentation
from app.catalog.family import Family

AUGMENTATIONS: Family[Augmentation] = Family("augmentations", Augmentation, __name__)

if TYPE_CHECKING:
    AnyAugmentation = Augmentation
else:
    AnyAugmentation = AUGMENTATIONS.union()

__all__ = ["AUGMENTATIONS", "AnyAugmentation", "Augmentation"]

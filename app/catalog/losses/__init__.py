"""The losses. :data:`LOSSES` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Family
from app.catalog.losses._base import Loss, Readout, Task, Use

LOSSES: Family[Loss] = Family("losses", Loss, __name__)

if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = LOSSES.union()

__all__ = ["LOSSES", "AnyLoss", "Loss", "Readout", "Task", "Use"]

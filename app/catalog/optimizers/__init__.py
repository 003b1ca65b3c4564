"""The optimisers. :data:`OPTIMIZERS` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Family
from app.catalog.optimizers._base import Optimizer
from app.catalog.optimizers.sgd import Sgd

OPTIMIZERS: Family[Optimizer] = Family("optimizers", Optimizer, __name__)

if TYPE_CHECKING:
    AnyOptimizer = Optimizer
else:
    AnyOptimizer = OPTIMIZERS.union()

__all__ = ["OPTIMIZERS", "AnyOptimizer", "Optimizer", "Sgd"]

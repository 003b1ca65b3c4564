"""The baselines: hand-made rivals of a network. :data:`BASELINES` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.baselines._base import Baseline, Estimator
from app.catalog.family import Family

BASELINES: Family[Baseline] = Family("baselines", Baseline, __name__)

if TYPE_CHECKING:
    AnyBaseline = Baseline
else:
    AnyBaseline = BASELINES.union()

__all__ = ["BASELINES", "AnyBaseline", "Baseline", "Estimator"]

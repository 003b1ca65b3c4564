"""The initialisers. :data:`INITIALIZERS` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Family
from app.catalog.initializers._base import Initializer
from app.catalog.initializers.default import DefaultInitializer

INITIALIZERS: Family[Initializer] = Family("initializers", Initializer, __name__)

if TYPE_CHECKING:
    AnyInitializer = Initializer
else:
    AnyInitializer = INITIALIZERS.union()

__all__ = ["INITIALIZERS", "AnyInitializer", "DefaultInitializer", "Initializer"]

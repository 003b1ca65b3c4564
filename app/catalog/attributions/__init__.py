"""The attributions: which inputs an answer rests on. :data:`ATTRIBUTIONS` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.attributions._base import Attributed, Attribution, DoesNotApply, Subject
from app.catalog.family import Family

ATTRIBUTIONS: Family[Attribution] = Family("attributions", Attribution, __name__)

if TYPE_CHECKING:
    AnyAttribution = Attribution
else:
    AnyAttribution = ATTRIBUTIONS.union()

__all__ = [
    "ATTRIBUTIONS",
    "AnyAttribution",
    "Attributed",
    "Attribution",
    "DoesNotApply",
    "Subject",
]

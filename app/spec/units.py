"""Which units of which layers are marked (frozen, silenced): a small set that commands change.

Knows no layer: a unit is a number, the same for a map of a picture and a unit of a vector.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from app.spec.base import Strict

MOST_UNITS = 65_536


class Marked(Strict):
    """The marked units of one layer: ``units``, or (``whole``) all of them but ``units``."""

    whole: bool = False
    units: tuple[int, ...] = Field((), max_length=MOST_UNITS)

    def has(self, unit: int) -> bool:
        return (unit in self.units) != self.whole

    def all_of(self, count: int) -> tuple[int, ...]:
        """Every marked unit of ``count``, in order."""
        return tuple(unit for unit in range(count) if self.has(unit))


Marks = Mapping[str, Marked]
"""By node; a node that is not in it has no marked unit."""
NONE = Marked()
WHOLE = Marked(whole=True)


def marked(marks: Marks, node: str, unit: int | None, *, on: bool) -> dict[str, Marked]:
    """The marks with one unit, or (null) the whole layer, marked or released. Twice is as once."""
    before = marks.get(node, NONE)
    if unit is None:
        after = Marked(whole=on)
    elif before.has(unit) == on:
        after = before
    else:
        units = {*before.units} ^ {unit}
        after = Marked(whole=before.whole, units=tuple(sorted(units)))
    found = {**marks, node: after}
    if after == NONE:
        del found[node]
    return found

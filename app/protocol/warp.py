"""How a watched picture is moved, and the points of a movement along one axis."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from app.core.text import text
from app.protocol.refusals import OutOfRange
from app.spec.base import Strict

Axis = Literal["turn", "scale", "shift_x", "shift_y", "shear", "bend", "elastic"]

_BEYOND = text("{axis} reaches from {low} to {high}.", "{axis} 的范围是 {low} 到 {high}。")
_ORDER = text("low must be less than high.", "low 必须小于 high。")


class Warp(Strict):
    """A movement of a picture, about its middle: bend, then shear, scale, turn and shift, and last the
    elastic bend. It is read bilinearly between its pixels; outside it there are zeros."""

    turn: float = Field(0.0, ge=-180.0, le=180.0)
    """Degrees, anticlockwise."""
    scale: float = Field(1.0, ge=0.25, le=4.0)
    shift_x: float = Field(0.0, ge=-256.0, le=256.0)
    """Pixels to the right."""
    shift_y: float = Field(0.0, ge=-256.0, le=256.0)
    """Pixels down."""
    shear: float = Field(0.0, ge=-1.0, le=1.0)
    """Pixels that a row moves to the right for each pixel above the middle."""
    bend: float = Field(0.0, ge=-64.0, le=64.0)
    """Pixels that a row moves sideways at most: a sine with one period over the height."""
    elastic: float = Field(0.0, ge=-64.0, le=64.0)
    """Pixels that a pixel moves at most along a smooth random field, as handwriting varies (Simard,
    Steinkraus and Platt, 2003)."""
    seed: int = Field(0, ge=0, le=2**31 - 1)
    """Which random field; the same seed is the same field."""


def _bounds(axis: str) -> tuple[float, float]:
    rules: Any = Warp.model_fields[axis].metadata
    low = next(rule.ge for rule in rules if hasattr(rule, "ge"))
    return low, next(rule.le for rule in rules if hasattr(rule, "le"))


BOUNDS: dict[Axis, tuple[float, float]] = {axis: _bounds(axis) for axis in get_args(Axis)}


class Sweep(Strict):
    """``points`` values of one axis from ``low`` to ``high``, both included; the others as in ``warp``."""

    warp: Warp = Warp()
    axis: Axis
    low: float
    high: float
    points: int = Field(61, ge=2, le=121)

    def require(self) -> None:
        """Raises :class:`OutOfRange` where an end is none of the axis, or they are in wrong order."""
        low, high = BOUNDS[self.axis]
        for name, end in (("low", self.low), ("high", self.high)):
            if not low <= end <= high:
                why = _BEYOND.format(axis=self.axis, low=f"{low:g}", high=f"{high:g}")
                raise OutOfRange(pointer=f"/sweep/{name}", why=why)
        if self.low >= self.high:
            raise OutOfRange(pointer="/sweep/high", why=_ORDER)

    def values(self) -> list[float]:
        """The values, evenly spaced."""
        step = (self.high - self.low) / (self.points - 1)
        return [*(self.low + i * step for i in range(self.points - 1)), self.high]

    def warps(self) -> list[Warp]:
        return [self.warp.model_copy(update={self.axis: value}) for value in self.values()]

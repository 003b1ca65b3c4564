"""The points of a training curve: means over fixed stretches of steps, a function of the step alone.

Neither the clock nor how often a run stopped decides where a point ends, so that the same training
always leaves the same curve. A point that still grows is shown too, and replaced as it grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from app.engine.meter import Point

SINGLE = 1024
"""So many first steps are points of their own; each doubling after that adds half as many points."""


def width(step: int) -> int:
    """Over how many steps the point goes that holds ``step`` (1, 2, …): a power of two."""
    return 1 << ((step - 1) // SINGLE).bit_length()


@dataclass
class _Sums:
    """The steps of the point that has not come to its end."""

    step: int = 0
    count: int = 0
    samples: int = 0
    loss: float = 0.0
    hits: int | None = None
    answers: int = 0
    rate: float | None = None

    def add(self, point: Point) -> None:
        self.step = point.step
        self.count += point.count
        self.samples += point.samples
        self.loss += point.loss * point.count
        self.answers += point.answers
        self.rate = point.rate
        if point.hits is not None:
            self.hits = (self.hits or 0) + point.hits

    def point(self) -> Point:
        loss = self.loss / self.count
        return Point(self.step, self.count, self.samples, loss, self.hits, self.answers, self.rate)


class Curve:
    """Takes the steps of a run one after the other and gives them back as points."""

    def __init__(self, facts: dict[str, Any] | None = None) -> None:
        """``facts``: what :meth:`facts` said where the training goes on from."""
        self._open = _Sums(**facts) if facts else _Sums()

    def add(self, steps: Iterable[Point]) -> list[Point]:
        """The points that these steps end, oldest first."""
        ended = []
        for step in steps:
            self._open.add(step)
            if step.step % width(step.step) == 0:
                ended.append(self._open.point())
                self._open = _Sums()
        return ended

    @property
    def growing(self) -> list[Point]:
        """The point that has not come to its end, if it holds any step."""
        return [self._open.point()] if self._open.count else []

    def facts(self) -> dict[str, Any] | None:
        """What a snapshot keeps of the point that still grows."""
        return asdict(self._open) if self._open.count else None

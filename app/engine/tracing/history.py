"""Health at steps spread over a run: looked at when somebody asks, kept, and made from snapshots.

Training knows nothing of it. Every answer takes a fraction of a second at most; what is missing then
is made at the next question.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.engine.tracing.health import Reading, read
from app.engine.tracing.reach import advance, copy, twin
from app.engine.trainer import Trainer
from app.protocol.health import BOUNDS, DerivativeHealth, LayerHealth, Series

if TYPE_CHECKING:
    from app.engine.session import Session

PATIENCE = 0.3
"""Seconds that one answer may take, but for the reading it has begun."""
RESTING = 1.2
"""Seconds that the steps before one reading may take to be made again while the run rests."""
FARTHEST = 64
"""Most steps that are made again to read one step that has no snapshot."""
GUESS = 0.01
"""Seconds that a step takes, before one has been made again."""


def grid(here: int, points: int) -> list[int]:
    """Multiples of a power of two, so that a longer run keeps half of them; and the newest step."""
    stride = 1
    while here / stride > points - 1:
        stride *= 2
    return sorted({*range(0, here + 1, stride), here})


class History:
    """The readings of one branch of a run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._line = (session.branch, 0)
        self._readings: dict[int, Reading] = {}
        self._walker: Trainer | None = None
        self._looker: Trainer | None = None
        self._pace = GUESS

    def answer(self, points: int) -> DerivativeHealth:
        """As much as can be read in the time."""
        session = self._session
        self._forget_what_changed()
        here = session.trainer.cursor.step
        chosen = self._choose(grid(here, points), here)
        complete = self._read(chosen)
        self._readings = {step: r for step, r in self._readings.items() if step in chosen}
        if complete or session.running:
            self.let_go()
        return self._told(here, complete)

    def let_go(self) -> None:
        """Free the trainers; the readings are small and stay."""
        self._walker = self._looker = None

    def _forget_what_changed(self) -> None:
        """A rewind makes another line; a setting changes the step that comes next."""
        line = (self._session.branch, len(self._session.log))
        if line == self._line:
            return
        if line[0] != self._line[0]:
            self._readings = {}
        for entry in self._session.log[self._line[1] :]:
            self._readings = {s: r for s, r in self._readings.items() if s < entry.step}
        self._line = line
        self.let_go()

    def _choose(self, wanted: Sequence[int], here: int) -> list[int]:
        """For every wanted step one near it that is known already, else one with a snapshot; else the
        step itself, if it is not far to walk. A trainer that walks is kept only while the run rests."""
        snapshots = self._snapshots()
        seconds = PATIENCE if self._session.running else RESTING
        farthest = min(FARTHEST, int(seconds / self._pace))
        stride = wanted[1] - wanted[0] if len(wanted) > 1 else 1
        found: set[int] = set()
        for step in wanted:
            if step in (0, here):
                found.add(step)
                continue
            near = _nearest(list(self._readings), step, stride // 2)
            near = _nearest(snapshots, step, stride // 2) if near is None else near
            passed = [*snapshots, *(() if self._session.running else found)]
            before = max((at for at in passed if at <= step), default=0)
            if near is not None:
                found.add(near)
            elif step - before <= farthest:
                found.add(step)
        return sorted(found)

    def _read(self, chosen: Sequence[int]) -> bool:
        """The newest first, then from the start on; false where time ran out."""
        began = time.monotonic()
        missing = [step for step in chosen if step not in self._readings]
        here = self._session.trainer.cursor.step
        for count, step in enumerate(sorted(missing, key=lambda step: (step != here, step))):
            if count and time.monotonic() - began > PATIENCE:
                return False
            self._readings[step] = self._look(step)
        return True

    def _look(self, step: int) -> Reading:
        session = self._session
        if self._looker is None:
            self._looker = twin(session)
        if step == session.trainer.cursor.step:
            copy(session.trainer, self._looker)
            return read(self._looker)
        if self._walker is None or self._walker.cursor.step > step:
            self._walker = twin(session)
        self._walk(self._walker, step)
        copy(self._walker, self._looker)
        return read(self._looker)

    def _walk(self, walker: Trainer, step: int) -> None:
        before = max((at for at in self._snapshots() if at <= step), default=0)
        began, count = time.monotonic(), step - max(before, walker.cursor.step)
        advance(self._session, walker, step)
        if count >= 4:
            self._pace = (time.monotonic() - began) / count

    def _snapshots(self) -> list[int]:
        return self._session.keeper.steps(self._session.lineage)

    def _told(self, here: int, complete: bool) -> DerivativeHealth:
        session = self._session
        steps = sorted(self._readings)
        readings = [self._readings[step] for step in steps]

        def series(measure: str, node: str) -> Series:
            return tuple(getattr(reading, measure).get(node) for reading in readings)

        measures = ("sensitivity", "gradient", "update", "dead", "saturated")
        return DerivativeHealth(
            branch=session.branch,
            step=here,
            steps=tuple(steps),
            complete=complete,
            bounds=BOUNDS,
            layers=tuple(
                LayerHealth(node=node, **{m: series(m, node) for m in measures})
                for node in session.trainer.network.order
            ),
        )


def _nearest(steps: Sequence[int], step: int, reach: int) -> int | None:
    close = [at for at in steps if abs(at - step) <= reach]
    return min(close, key=lambda at: abs(at - step), default=None)

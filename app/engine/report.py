"""Turns what the trainer measured into events: metrics in batches, validation, divergence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.engine.curve import Curve
from app.engine.diagnosis import message, sound, unsound
from app.engine.meter import Point
from app.engine.pace import Pace
from app.engine.postmortem import words
from app.engine.start import Emitted
from app.engine.trainer import Divergence, Tally, Trainer
from app.protocol.events import AnyEvent, Metrics, Note, Validation
from app.protocol.postmortem import PostMortem

INTERVAL = 0.1
"""Seconds between two Metrics events."""
_SMOOTHING = 0.3


class Reporter:
    """Emits a run's numbers, each step once: nothing at or before what was emitted already."""

    def __init__(
        self, trainer: Trainer, emit: Callable[[AnyEvent], None], emitted: Emitted
    ) -> None:
        self._trainer = trainer
        self._emit = emit
        self._metrics = -1 if emitted.metrics is None else emitted.metrics
        self._validation = -1 if emitted.validation is None else emitted.validation
        self._since = time.monotonic()
        self._rate = 0.0
        self._noted = False
        self._pace = Pace(said=set(emitted.notes))
        self.curve = Curve()
        """The training steps as the points that are shown and stored."""

    def restart(self) -> None:
        """Training starts: the time without it does not count."""
        self._since = time.monotonic()
        self._rate = 0.0
        self._pace.ready(self._trainer)

    def changed(self) -> None:
        """From here on other settings are in force."""
        self._pace.begin(self._trainer)

    def resume(self, facts: dict[str, Any]) -> None:
        """The training stands where a snapshot was taken that has these facts; none are step 0."""
        self.curve = Curve(facts.get("point"))
        self._pace = Pace(facts.get("first_loss", self._pace.first), self._pace.said)

    def facts(self) -> dict[str, Any]:
        """What a snapshot keeps of what has been reported."""
        return {"point": self.curve.facts(), "first_loss": self._pace.first}

    def rewound(self, step: int) -> None:
        """What follows is a new branch: every step after ``step`` is news."""
        self._metrics = self._validation = step
        if self._trainer.epoch_ended:
            self._trainer.tally = Tally()
        self._noted = self._trainer.diverged is not None
        self._pace = Pace(self._pace.first)

    def quiet(self) -> None:
        """Say nothing of what has been measured: those steps were a replay."""
        self.curve.add(self._trainer.read_metrics())
        self._noted = self._trainer.diverged is not None

    def due(self, now: float) -> bool:
        return now - self._since >= INTERVAL or self._trainer.meter.full

    def metrics(self, branch: int) -> None:
        """Emit the steps since the last time; reads them off the device."""
        steps = self._trainer.read_metrics()
        now = time.monotonic()
        elapsed, self._since = max(now - self._since, 1e-6), now
        if not steps:
            return
        self._pace.passed(step.loss for step in steps)
        rate = sum(step.samples for step in steps) / elapsed
        self._rate = rate if not self._rate else self._rate + _SMOOTHING * (rate - self._rate)
        points = [*self.curve.add(steps), *self.curve.growing]
        points = [point for point in points if point.step > self._metrics]
        if points:
            self._look()
            self._points(points, branch)

    def growing(self, branch: int) -> None:
        """Emit the point that the branch begins in the middle of, as far as it has come."""
        if self.curve.growing:
            self._points(self.curve.growing, branch)

    def _points(self, points: list[Point], branch: int) -> None:
        trainer = self._trainer
        self._metrics = points[-1].step
        left = trainer.settings.epochs * trainer.count - trainer.epoch * trainer.count
        accuracy = [(point.hits or 0) / max(1, point.answers) for point in points]
        rates = [point.rate for point in points if point.rate is not None]
        self._emit(
            Metrics(
                branch=branch,
                step=points[-1].step,
                steps=[point.step for point in points],
                count=[point.count for point in points],
                loss=[point.loss for point in points],
                accuracy=accuracy if trainer.classes else None,
                gradient=trainer.gradient_norms(),
                learning_rate=points[-1].rate,
                rates=rates if len(rates) == len(points) else None,
                epoch=trainer.epoch,
                samples_per_second=self._rate,
                seconds_left=max(0.0, left) / self._rate if self._rate else None,
            )
        )

    def validation(self, branch: int) -> None:
        """Evaluate and emit; ``train_loss`` is the mean over the epoch that has just ended."""
        trainer = self._trainer
        tally, trainer.tally = trainer.tally, Tally()
        step = trainer.cursor.step
        if step <= self._validation:
            return
        self._validation = step
        found = self._evaluated(branch, tally)
        if trainer.diverged is None:
            note = self._pace.judge(trainer, found.loss, found.train_loss)
            if note is not None:
                self._emit(note.model_copy(update={"branch": branch}))

    def again(self, branch: int) -> None:
        """Emit the validation of a network at rest that was changed by hand."""
        self._evaluated(branch, Tally())

    def _evaluated(self, branch: int, tally: Tally) -> Validation:
        trainer = self._trainer
        loss, accuracy = trainer.evaluate()
        passed = tally.samples > 0
        found = Validation(
            branch=branch,
            step=trainer.cursor.step,
            epoch=trainer.epoch,
            loss=loss,
            accuracy=accuracy,
            train_loss=tally.loss / tally.samples if passed else None,
            train_accuracy=tally.hits / tally.samples if passed and trainer.classes else None,
        )
        self._emit(found)
        return found

    def _look(self) -> None:
        """A gradient or weight may break while the loss does not yet show it."""
        trainer = self._trainer
        if trainer.diverged is None and not sound(trainer.network):
            trainer.diverged = Divergence(trainer.cursor.step, unsound(trainer.network))

    def divergence(self, branch: int, examine: Callable[[], PostMortem | None]) -> bool:
        """Emit a note if a number has become non-finite for the first time; True if so."""
        found = self._trainer.diverged
        if found is None or self._noted:
            return False
        self._noted = True
        self._emit(self._note(found, examine(), branch))
        return True

    def _note(self, found: Divergence, after: PostMortem | None, branch: int) -> Note:
        rate = self._trainer.settings.optimizer.learning_rate
        suggested = float(f"{rate / 10:.1g}")
        step, node, what = found.step, found.finding.node, str(found.finding.what)
        said = message(found.finding, found.step, rate, suggested)
        if after is not None:
            step, node, what = after.first.step, after.first.node, after.first.what
            said = words.message(after, rate)
        return Note(
            branch=branch,
            step=self._trainer.cursor.step,
            code="diverged",
            message=said,
            node=node,
            params={"step": step, "what": what, "learning_rate": rate, "suggested": suggested},
            post_mortem=after,
        )

"""The learning-rate range test: a copy of the run is trained with a rising η, batch by batch.

The run's own weights, optimiser and place in the data are only read. Source: Smith, "Cyclical
learning rates for training neural networks", 2017.
"""

from __future__ import annotations

from pathlib import Path

import torch

from app.engine.trainer import Cursor, Trainer
from app.engine.verdict import Judgement, has_left, judge, none, smooth
from app.protocol.range_test import RangeTest, RangeWanted
from app.spec.groups import rate_of


class Sweep:
    """One test. ``begin()`` copies, ``advance()`` makes one batch; it may be dropped at any time."""

    def __init__(self, trainer: Trainer, branch: int, wanted: RangeWanted) -> None:
        self.wanted = wanted
        self.finished = self.cancelled = False
        self._branch, self._step = branch, trainer.cursor.step
        self._rates: list[float] = []
        self._losses: list[float] = []
        self._judgement: Judgement | None = None
        self._copy: Trainer | None = None

    def begin(self, trainer: Trainer) -> None:
        """Copy the present state."""
        if learns(trainer):
            self._copy = copied(trainer)
        else:
            self._end(none("nothing_to_train"))

    @property
    def running(self) -> bool:
        return not (self.finished or self.cancelled)

    def cancel(self) -> None:
        """Stop and let the copy go; what was found stays to be seen."""
        if self.running:
            self.cancelled = True
            self._copy = None

    def fail(self, error: Exception, *, memory: bool) -> None:
        """It cannot go on: there is no memory for it, or a step raised something else."""
        self._end(none("out_of_memory") if memory else none("failed", why=str(error)[:200]))

    def advance(self) -> None:
        """One batch: a step with the next rate, and the loss that the step before led to."""
        copy, wanted = self._copy, self.wanted
        if copy is None or not self.running:
            return
        done = len(self._rates)
        if done < wanted.batches:
            rate = wanted.low * (wanted.high / wanted.low) ** (done / (wanted.batches - 1))
            copy.use_rate(rate)
        copy.step()
        loss = copy.read_metrics()[0].loss
        if done:
            self._losses.append(loss)
            smoothed = smooth(self._losses, wanted.batches)
            if has_left(self._losses, smoothed) or done == wanted.batches:
                self._end(judge(self._rates, self._losses, wanted.batches))
                return
        self._rates.append(rate)

    def _end(self, judgement: Judgement) -> None:
        self._judgement, self.finished, self._copy = judgement, True, None

    def report(self) -> RangeTest:
        """How far it is, and what it found."""
        found = self._judgement
        return RangeTest(
            state="finished" if self.finished else "cancelled" if self.cancelled else "running",
            branch=self._branch,
            step=self._step,
            wanted=self.wanted,
            done=len(self._losses),
            rates=self._rates[: len(self._losses)],
            losses=list(self._losses),
            smoothed=smooth(self._losses, self.wanted.batches),
            verdict=found.verdict if found else None,
            suggestion=found.suggestion if found else None,
            steepest=found.steepest if found else None,
            lowest=found.lowest if found else None,
            reason=found.reason if found else None,
        )


def learns(trainer: Trainer) -> bool:
    """Whether any parameter would be changed by a step."""
    groups = trainer.settings.groups
    names = (name.partition(".") for name, _ in trainer.network.named_parameters())
    return any(rate_of(groups, node, tensor).factor > 0 for node, _, tensor in names)


def copied(trainer: Trainer) -> Trainer:
    """Another trainer at the same place, with the same weights, optimiser state and settings but
    for the schedule. The data are shared."""
    copy = Trainer(trainer.spec, Path(), trainer.device, data=trainer.data)
    copy.apply(trainer.settings.at_constant_rate())
    with torch.no_grad():
        copy.load({name: value.clone() for name, value in trainer.state().items()})
    copy.cursor = Cursor(**vars(trainer.cursor))
    return copy

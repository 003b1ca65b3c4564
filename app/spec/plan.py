"""What a schedule will do: the share of η over the whole training, as a few points to draw."""

from __future__ import annotations

from math import ceil

from app.catalog.schedules import Memory, Place
from app.spec.report import RatePlan
from app.spec.training import TrainingSpec

MOST_POINTS = 161


def steps_per_epoch(samples: int, batch_size: int) -> int:
    """Batches of one pass; the last may be smaller."""
    return max(1, ceil(samples / batch_size))


def plan(training: TrainingSpec) -> RatePlan:
    """The shares at evenly spaced steps, the first and the last among them.

    A schedule that watches the validation loss is shown as if that kept on falling.
    """
    phase = training.phase
    each = steps_per_epoch(training.dataset.sizes[0], phase.batch_size)
    total = each * phase.epochs
    count = min(MOST_POINTS, total)
    steps = sorted({round(i * (total - 1) / max(1, count - 1)) for i in range(count)})
    schedule, nothing = phase.schedule, Memory()
    factors = [
        schedule.factor(Place(step=step, steps=total, per_epoch=each), nothing) for step in steps
    ]
    return RatePlan(
        steps=tuple(steps), factors=tuple(factors), total=total, watches=schedule.watches
    )

"""Assembles the curves of a branch from the stored events along its lineage. Pure but for reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.errors import NotFound
from app.core.text import text
from app.protocol.events import Metrics, Validation
from app.protocol.runs import MetricsSeries, RateSeries, RunRecord, ValidationSeries
from app.runs.interfaces import RunStore
from app.runs.lineage import Lineage, lineage, within

_BRANCH = text("branch", "分支")


async def curves(store: RunStore, record: RunRecord, branch: int | None) -> MetricsSeries:
    """Raises NotFound for a branch that the run does not have."""
    newest = record.branch if branch is None else branch
    try:
        way = lineage(record.branches, newest)
    except KeyError as error:
        raise NotFound(kind=_BRANCH, name=str(newest)) from error
    points, rates = training_points(await _metrics(store, record.id, way), way)
    accuracy = [one.accuracy for one in points if one.accuracy is not None]
    return MetricsSeries(
        branch=newest,
        steps=[one.step for one in points],
        count=[one.count for one in points],
        loss=[one.loss for one in points],
        accuracy=accuracy if len(accuracy) == len(points) and points else None,
        validation=await _validation(store, record.id, way),
        rates=RateSeries(steps=list(rates), learning_rate=list(rates.values())),
    )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The mean over ``count`` steps that end with ``step``; ``rate`` is η of the last."""

    step: int
    count: int
    loss: float
    accuracy: float | None
    rate: float | None


def training_points(
    events: list[Metrics], way: Lineage
) -> tuple[list[CurvePoint], dict[int, float]]:
    """The points along the way, and η by step. A point that has grown stands for what it was before,
    also where a branch was left in its middle."""
    points: list[CurvePoint] = []
    rates: dict[int, float] = {}
    for event in events:
        rate = event.learning_rate if event.rates is None else None  # of an earlier version
        if rate is not None and within(way, event.branch, event.step):
            rates[event.step] = rate
        for point in _of(event):
            if not within(way, event.branch, point.step):
                continue
            while points and points[-1].step > point.step - point.count:
                rates.pop(points.pop().step, None)
            points.append(point)
            if point.rate is not None:
                rates[point.step] = point.rate
    return points, rates


def _of(event: Metrics) -> Iterator[CurvePoint]:
    for i, (step, count, loss) in enumerate(zip(event.steps, event.count, event.loss, strict=True)):
        accuracy = event.accuracy[i] if event.accuracy is not None else None
        yield CurvePoint(step, count, loss, accuracy, event.rates[i] if event.rates else None)


async def _metrics(store: RunStore, run: str, way: Lineage) -> list[Metrics]:
    """Whole branches: an event may lie across the step at which a branch was left."""
    every = [(branch, None) for branch, _ in way]
    found = await store.events_of(run, "metrics", every)
    return [stored.event for stored in found if isinstance(stored.event, Metrics)]


async def _validation(store: RunStore, run: str, way: Lineage) -> ValidationSeries:
    found = await store.events_of(run, "validation", way)
    newest = {  # of a step: a network at rest that is changed by hand is validated again
        stored.event.step: stored.event for stored in found if isinstance(stored.event, Validation)
    }
    events = list(newest.values())
    accuracy = [event.accuracy for event in events if event.accuracy is not None]
    return ValidationSeries(
        steps=[event.step for event in events],
        loss=[event.loss for event in events],
        accuracy=accuracy if events and len(accuracy) == len(events) else None,
    )

"""Assembles the curves of a branch from the stored events along its lineage. Pure but for reading."""

from __future__ import annotations

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
    steps: list[int] = []
    loss: list[float] = []
    accuracy: list[float] = []
    rates: dict[int, float] = {}
    for event in await _metrics(store, record.id, way):
        if event.learning_rate is not None and within(way, event.branch, event.step):
            rates[event.step] = event.learning_rate
        for index, step in enumerate(event.steps):
            if within(way, event.branch, step):
                steps.append(step)
                loss.append(event.loss[index])
                if event.accuracy is not None:
                    accuracy.append(event.accuracy[index])
    return MetricsSeries(
        branch=newest,
        steps=steps,
        loss=loss,
        accuracy=accuracy if len(accuracy) == len(steps) and steps else None,
        validation=await _validation(store, record.id, way),
        rates=RateSeries(steps=list(rates), learning_rate=list(rates.values())),
    )


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

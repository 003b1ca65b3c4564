"""Where an interrupted or parked run goes on: its snapshot, and what must not be emitted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.protocol.events import Note
from app.protocol.runs import RunRecord
from app.runs.interfaces import RunStore
from app.runs.lineage import lineage, within
from app.runs.progress import Log


@dataclass(frozen=True)
class Plan:
    """``step`` is where the run will be: the newest step whose metrics are stored."""

    step: int
    validation: int | None
    snapshot: str | None
    notes: tuple[str, ...] = ()

    def message(self) -> dict[str, Any]:
        """The part of the start message that says it."""
        return {
            "snapshot": self.snapshot,
            "replay_to": self.step,
            "emitted": {
                "metrics": self.step,
                "validation": self.validation,
                "notes": self.notes,
            },
        }


async def plan(store: RunStore, record: RunRecord, log: Log) -> Plan:
    """Events are the truth. What the worker did after the newest stored metrics is made again:
    snapshots of that time may know commands that nobody else does, so they are removed."""
    branch = next(one for one in record.branches if one.branch == record.branch)
    here = [(branch.branch, None)]
    metrics = await store.newest_step(record.id, "metrics", here)
    validation = await store.newest_step(record.id, "validation", here)
    step = branch.step if metrics is None else max(metrics, branch.step)
    if branch.parent is not None:
        validation = max(validation or 0, branch.step)
    await store.snapshots.discard(record.id, branch.branch, step)
    said = [one.event for one in await store.events_of(record.id, "note", here)]
    notes = tuple({event.code: None for event in said if isinstance(event, Note)})
    return Plan(step, validation, await _snapshot(store, record, log, step), notes)


async def _snapshot(store: RunStore, record: RunRecord, log: Log, step: int) -> str | None:
    """The newest that verifies, lies on the way, and counts no command that is not stored."""
    way = lineage(record.branches, record.branch)
    fitting = [
        one
        for one in await store.snapshots.listed(record.id)
        if one.step <= step and within(way, one.branch, one.step)
    ]
    for one in sorted(fitting, key=lambda found: (found.step, found.branch), reverse=True):
        counted = await store.snapshots.logged(record.id, one.branch, one.step)
        stored = sum(logged.step <= one.step for logged in log)
        if counted is not None and counted <= stored:
            return store.snapshots.path(record.id, one.branch, one.step).name
    return None

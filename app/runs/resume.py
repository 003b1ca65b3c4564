"""Where an interrupted or parked run goes on: its snapshot, what must not be emitted again, and what
it was about to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.text import text
from app.protocol.commands import AnyCommand, Play, Step
from app.protocol.events import CommandApplied, Note, StateChanged
from app.protocol.runs import RunRecord
from app.runs.interfaces import RunStore
from app.runs.kept import Kept
from app.runs.lineage import lineage, within
from app.runs.progress import Log

_DAMAGED = text(
    "The snapshot {name} was damaged on disk; it was set aside and an earlier one used.",
    "快照 {name} 在磁盘上已损坏，已弃置并改用更早的快照。",
)


@dataclass(frozen=True)
class Plan:
    """``step`` is where the run will be: the newest step whose metrics are stored."""

    step: int
    validation: int | None
    snapshot: str | None
    notes: tuple[str, ...] = ()
    """Codes of the notes that were said on this branch: none is said twice."""
    damaged: tuple[str, ...] = ()
    """Snapshots that did not verify and were set aside."""

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
    snapshot, damaged = await _snapshot(store, record, log, step)
    return Plan(step, validation, snapshot, notes, damaged)


async def _snapshot(
    store: RunStore, record: RunRecord, log: Log, step: int
) -> tuple[str | None, tuple[str, ...]]:
    """The newest that verifies, lies on the way, and counts no command that is not stored; and those
    newer ones that do not verify."""
    damaged: list[str] = []
    way = lineage(record.branches, record.branch)
    fitting = [
        one
        for one in await store.snapshots.listed(record.id)
        if one.step <= step and within(way, one.branch, one.step)
    ]
    for one in sorted(fitting, key=lambda found: (found.step, found.branch), reverse=True):
        counted = await store.snapshots.logged(record.id, one.branch, one.step)
        stored = sum(logged.step <= one.step for logged in log)
        name = store.snapshots.path(record.id, one.branch, one.step).name
        if counted is None:
            damaged.append(name)
        elif counted <= stored:
            return name, tuple(damaged)
    return None, tuple(damaged)


def set_aside(name: str, record: RunRecord) -> Note:
    """That a snapshot of a run was damaged."""
    return Note(
        branch=record.branch,
        step=record.step,
        code="snapshot_damaged",
        message=_DAMAGED.format(name=name),
        params={"file": name},
    )


async def going_on(store: RunStore, record: RunRecord) -> AnyCommand | None:
    """What a run that was training is to be told so that it does what it would have done; null where
    it has arrived already. Its newest play or step says where it rests next."""
    if int(record.epoch) >= record.settings.epochs:
        return None
    here = [(record.branch, None)]
    told = [stored.event for stored in await store.events_of(record.id, "command", here)]
    for event in reversed(told):
        assert isinstance(event, CommandApplied)
        match event.command:
            case Play(until=until):
                return Play(until=until) if until is None or until > record.step else None
            case Step(unit="batch", count=count):
                left = event.step + count - record.step
                return Step(count=left) if left > 0 else None
            case Step():
                # A diary of before this was said ends at the epoch that it is in.
                end = event.until_epoch or int(record.epoch) + 1
                left = end - int(record.epoch)
                return Step(unit="epoch", count=left) if left > 0 else None
            case _:
                continue
    return Play()


async def kept_commands(store: RunStore, record: RunRecord) -> tuple[AnyCommand, ...]:
    """The commands that a run without a worker was to follow, as its newest state has them."""
    everywhere = [(one.branch, None) for one in record.branches]
    states = await store.events_of(record.id, "state", everywhere)
    newest = states[-1].event if states else None
    if not isinstance(newest, StateChanged) or not newest.kept:
        return ()
    kept = Kept(newest.kept)
    for stored in await store.events(record.id, states[-1].seq, 100):
        kept.heard(stored.event)
    return kept.commands

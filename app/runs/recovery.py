"""What an earlier server left of a run that it did not bring to rest: nobody else will say what became
of it. Starts nothing."""

from __future__ import annotations

import time

from app.protocol.commands import AnyCommand
from app.protocol.events import AnyEvent, StateChanged, StoredEvent
from app.protocol.runs import RunRecord
from app.runs.deaths import fate
from app.runs.exits import SERVER_LOST, SERVER_STOPPED
from app.runs.interfaces import RunStore
from app.runs.progress import Progress
from app.runs.resume import going_on, kept_commands

Left = tuple[RunRecord, tuple[AnyCommand, ...]]
"""A run, and what it is to do."""


async def recover(store: RunStore, record: RunRecord, *, resume: bool) -> Left | None:
    """Set right what is stored; the run, if it is to go on by itself.

    A run in the line was left there by a server that was stopped, or never began: that is no death.
    """
    kept: tuple[AnyCommand, ...]
    if record.state == "running":
        going = await going_on(store, record)
        kept = (going,) if going is not None else ()
    else:
        kept = await kept_commands(store, record)
    if kept and resume and record.state == "queued":
        return record, kept
    if kept and resume:
        found = await fate(store, record, SERVER_LOST, kept)
        return await _stored(store, record, found.events(record)), found.kept
    reason = None if not kept else SERVER_STOPPED if record.state == "queued" else SERVER_LOST
    event = StateChanged(
        branch=record.branch,
        step=record.step,
        state="interrupted" if kept else "parked",
        reason=reason,
    )
    await _stored(store, record, [event])
    return None


async def _stored(store: RunStore, record: RunRecord, events: list[AnyEvent]) -> RunRecord:
    """The run after these events, which are stored."""
    progress, stored = Progress(record), []
    for seq, event in enumerate(events, record.last_seq + 1):
        stored.append(StoredEvent(run=record.id, seq=seq, time=time.time(), event=event))
        progress.apply(stored[-1])
    await store.append(progress.record, stored)
    return progress.record

"""What becomes of a run whose worker or server died: it goes on, rests, or is given up. Starts nothing.

The count of deaths in a row is kept in the run's own notes, so that it outlives the server.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.text import Text, text
from app.protocol.commands import AnyCommand
from app.protocol.events import AnyEvent, Note, State, StateChanged
from app.protocol.runs import RunRecord
from app.runs.interfaces import RunStore

TRIES = 3
"""Deaths in a row, without a step beyond the furthest so far, after which a run does not go on."""
NOTE = "worker_lost"
_GOES_ON = text(
    "{reason} The run goes on by itself from step {step}.",
    "{reason} 该运行将自动从第 {step} 步继续。",
)
_RESTS = text(
    "{reason} The run rests at step {step}; the next command goes on from there.",
    "{reason} 该运行停在第 {step} 步；下一条命令将从该处继续。",
)
_GIVEN_UP = text(
    "{reason} This has happened {count} times in a row without a step beyond {step}, so the run does "
    "not go on by itself. Press Play to try again.",
    "{reason} 已连续发生 {count} 次，且未能越过第 {step} 步，因此该运行不再自动继续。请点“训练”重试。",
)


@dataclass(frozen=True)
class Fate:
    """``kept`` is what the run is to do once it has a worker again; empty unless it ``goes_on``."""

    state: State
    message: Text
    note: Note
    count: int
    """Of deaths in a row."""
    kept: tuple[AnyCommand, ...] = ()

    @property
    def goes_on(self) -> bool:
        return self.state == "starting"

    def events(self, record: RunRecord) -> list[AnyEvent]:
        """What is said of it: a note that stays, and the state."""
        state = StateChanged(
            branch=record.branch,
            step=record.step,
            state=self.state,
            reason=self.message,
            kept=self.kept,
        )
        return [self.note, state]


async def fate(
    store: RunStore, record: RunRecord, reason: Text, kept: tuple[AnyCommand, ...]
) -> Fate:
    """What becomes of it after a death that was no doing of its own; ``kept`` is what it had to do."""
    count = await _in_a_row(store, record)
    state: State
    if not kept:
        state, said = "finished" if record.state == "finished" else "parked", _RESTS
    elif count < TRIES:
        state, said = "starting", _GOES_ON
    else:
        state, said = "interrupted", _GIVEN_UP
    message = said.format(reason=reason, step=record.step, count=count)
    note = Note(
        branch=record.branch,
        step=record.step,
        code=NOTE,
        message=message,
        params={"count": count, "state": state},
    )
    return Fate(state, message, note, count, kept if state == "starting" else ())


async def _in_a_row(store: RunStore, record: RunRecord) -> int:
    """How often it has died since it last got further, this time included."""
    notes = await store.events_of(record.id, "note", [(record.branch, None)])
    deaths = [one.event for one in notes if isinstance(one.event, Note) and one.event.code == NOTE]
    if not deaths or deaths[-1].step < record.step or deaths[-1].params["state"] == "interrupted":
        return 1
    return int(deaths[-1].params["count"]) + 1

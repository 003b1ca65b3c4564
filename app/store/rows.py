"""Rows of the tables as records and events, and back. A row that cannot be read hides itself alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from app.core.text import Text, text
from app.protocol.events import EVENT, Note, Rewound, StoredEvent
from app.protocol.runs import Branch, RunRecord
from app.spec.run import RunSpec
from app.spec.settings import Settings

ROOT = Branch(branch=0, parent=None, step=0)
_RUN = text(
    "This run cannot be read: {what}. It can only be deleted.",
    "该运行无法读取：{what}。只能将其删除。",
)
_EVENT = text("Cannot be read: event {seq} ({what}).", "无法读取：事件 {seq}（{what}）。")
_NO_SPEC = {
    "model": [{"type": "flatten"}, {"type": "dense", "units": 2}],
    "training": {"dataset": {"type": "points_circle"}},
}
"""Stands where a spec must be and none can be read; a run with it is marked as unreadable."""


def branch_row(run: str, branch: Branch) -> dict[str, Any]:
    return {"run": run, **branch.model_dump()}


def event_row(stored: StoredEvent) -> dict[str, Any]:
    return {
        "run": stored.run,
        "seq": stored.seq,
        "time": stored.time,
        "branch": stored.event.branch,
        "step": stored.event.step,
        "type": stored.event.type,
        "body": stored.event.model_dump_json(),
        "since": stored.since,
    }


def identity_row(record: RunRecord) -> dict[str, Any]:
    """What never changes of a run."""
    return {
        "id": record.id,
        "name": record.name,
        "spec": record.spec.model_dump_json(),
        "created": record.created,
    }


def progress_row(record: RunRecord) -> dict[str, Any]:
    """What its events change."""
    return {
        "state": record.state,
        "reason": record.reason.model_dump_json() if record.reason else None,
        "device": record.device,
        "branch": record.branch,
        "step": record.step,
        "epoch": record.epoch,
        "updated": record.updated,
        "last_seq": record.last_seq,
        "settings": record.settings.model_dump_json(),
    }


def record_of(row: Row[Any], branches: Sequence[Branch]) -> RunRecord:
    """The run, or one that says what of it cannot be read."""
    try:
        if not leads_back(branches, row.branch):
            raise ValueError("branches")
        return RunRecord(
            id=row.id,
            name=row.name,
            state=row.state,
            reason=_reason(row.reason),
            spec=RunSpec.model_validate_json(row.spec),
            device=row.device,
            branch=row.branch,
            step=row.step,
            epoch=row.epoch,
            created=row.created,
            updated=row.updated,
            last_seq=row.last_seq,
            settings=Settings.model_validate_json(row.settings),
            branches=tuple(branches),
        )
    except (ValidationError, ValueError, TypeError) as error:
        return _hidden(row, _broken(row, error))


def leads_back(branches: Iterable[Branch], newest: object) -> bool:
    """Whether the way from a branch to the first is known, without a circle."""
    known = {one.branch: one.parent for one in branches}
    for _ in range(len(known)):
        if newest not in known:
            return False
        newest = known[int(str(newest))]
        if newest is None:
            return True
    return False


def branches_of(events: Iterable[StoredEvent]) -> list[Branch]:
    """The branches as the events tell them, for a run whose own list is damaged."""
    born = [one.event for one in events if isinstance(one.event, Rewound)]
    return [ROOT, *(Branch(branch=e.branch, parent=e.parent, step=e.step) for e in born)]


def event_of(row: Row[Any]) -> StoredEvent:
    """The event, or a note in its place."""
    try:
        event = EVENT.validate_json(row.body)
        return StoredEvent(run=row.run, seq=row.seq, time=row.time, event=event, since=row.since)
    except (ValidationError, ValueError, TypeError) as error:
        note = Note(
            branch=_whole(row.branch),
            step=_whole(row.step),
            code="event_unreadable",
            message=_EVENT.format(seq=row.seq, what=_said(error)),
        )
        return StoredEvent(run=row.run, seq=row.seq, time=_number(row.time), event=note)


def _reason(body: Any) -> Text | None:
    return Text.model_validate_json(body) if body else None


def _hidden(row: Row[Any], what: str) -> RunRecord:
    why = _RUN.format(what=what)
    return RunRecord(
        id=str(row.id),
        name=str(row.name)[:80],
        state="failed",
        reason=why,
        unreadable=why,
        spec=RunSpec.model_validate_json(json.dumps(_NO_SPEC)),
        device=str(row.device)[:16],
        branch=0,
        step=_whole(row.step),
        epoch=_number(row.epoch),
        created=_number(row.created),
        updated=_number(row.updated),
        last_seq=_whole(row.last_seq),
        settings=Settings(optimizer={}, batch_size=1, epochs=1),
    )


def _broken(row: Row[Any], error: Exception) -> str:
    """The column in which the fault lies, and what it is."""
    for name, read in (
        ("spec", RunSpec.model_validate_json),
        ("settings", Settings.model_validate_json),
        ("reason", _reason),
    ):
        try:
            read(getattr(row, name))
        except (ValidationError, ValueError, TypeError) as fault:
            return f"{name} ({_said(fault)})"
    return _said(error)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(one) for one in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return str(error)[:200]


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0

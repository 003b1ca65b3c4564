"""What a run's record becomes with each event: a pure fold. Stores and sends nothing."""

from __future__ import annotations

from collections.abc import Sequence

from app.protocol.commands import AnyCommand, LoggedCommand, is_setting
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Metrics,
    Note,
    Rewound,
    SnapshotTaken,
    StateChanged,
    StoredEvent,
    Validation,
)
from app.protocol.runs import Branch, RunRecord
from app.spec.settings import Settings, apply, apply_all

Log = tuple[LoggedCommand, ...]


class Progress:
    """A run's record and its settings log, kept up to date event by event."""

    def __init__(self, record: RunRecord, log: Sequence[LoggedCommand] = ()) -> None:
        self.record = record
        self.log: Log = tuple(log)
        """The settings along the lineage of the current branch."""
        self.kept: tuple[AnyCommand, ...] = ()
        """What the newest state keeps for a worker."""

    def apply(self, stored: StoredEvent) -> None:
        event = stored.event
        changes: dict[str, object] = {
            "last_seq": stored.seq,
            "updated": stored.time,
        }
        if not isinstance(event, SnapshotTaken | Note):
            # These two come from a thread of the worker's and may be of an earlier step.
            changes |= {"branch": event.branch, "step": event.step}
        match event:
            case StateChanged():
                self.kept = event.kept
                changes |= {"state": event.state, "reason": event.reason}
                if event.device is not None:
                    changes["device"] = event.device
            case CommandApplied():
                changes["settings"] = self._command(event)
            case Rewound():
                changes |= self._rewound(event)
            case Metrics() | Validation():
                changes["epoch"] = event.epoch
            case _:
                pass
        self.record = self.record.model_copy(update=changes)

    def moves_nothing(self, event: AnyEvent) -> bool:
        """A change of state to the state that the run is in already, at the same place."""
        record = self.record
        return (
            isinstance(event, StateChanged)
            and (event.state, event.reason, event.kept) == (record.state, record.reason, self.kept)
            and (event.branch, event.step) == (record.branch, record.step)
            and event.device in (None, record.device)
        )

    def _command(self, event: CommandApplied) -> Settings:
        if is_setting(event.command):
            entry = LoggedCommand(step=event.step, branch=event.branch, command=event.command)
            self.log = (*self.log, entry)
        return event.settings or apply(self.record.settings, event.command)

    def _rewound(self, event: Rewound) -> dict[str, object]:
        record = self.record
        self.log = tuple(logged for logged in self.log if logged.step <= event.step)
        born = Branch(branch=event.branch, parent=event.parent, step=event.step)
        return {
            "branches": (*record.branches, born),
            "settings": event.settings or self._folded(),
            "epoch": record.epoch if event.epoch is None else event.epoch,
        }

    def _folded(self) -> Settings:
        """The settings along the log. Speed is no part of it: it changes no result."""
        settings = apply_all(Settings.of(self.record.spec), (entry.command for entry in self.log))
        return settings.model_copy(update={"speed": self.record.settings.speed})

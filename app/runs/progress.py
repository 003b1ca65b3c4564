"""What a run's record becomes with each event: a pure fold. Stores and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.protocol.commands import (
    AnyCommand,
    Freeze,
    LoggedCommand,
    Restore,
    SetBatchSize,
    SetClipping,
    SetEpochs,
    SetGroups,
    SetLayer,
    SetLoss,
    SetOptimizer,
    SetSchedule,
    SetSpeed,
    Silence,
    Unfreeze,
    is_setting,
)
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
from app.protocol.runs import Branch, RunRecord, Settings
from app.spec.run import RunSpec
from app.spec.units import marked

Log = tuple[LoggedCommand, ...]


def first_settings(spec: RunSpec) -> Settings:
    """The numbers that a spec starts with."""
    phase = spec.training.phase
    numbers = {
        name: value
        for name, value in phase.optimizer.model_dump().items()
        if isinstance(value, float | bool)
    }
    return Settings(
        optimizer=numbers,
        batch_size=phase.batch_size,
        epochs=phase.epochs,
        schedule=phase.schedule,
        clip_norm=phase.clip_norm,
        clip_value=phase.clip_value,
        groups=phase.groups,
    )


def changed(settings: Settings, command: AnyCommand) -> Settings:
    """The numbers after a command; those that change no number return the same."""
    changes: dict[str, object] = {}
    match command:
        case SetOptimizer(values=values):
            changes["optimizer"] = {**settings.optimizer, **values}
        case SetLoss(values=values):
            changes["loss"] = {**settings.loss, **values}
        case SetLayer(node=node, values=values):
            ours = {**settings.layers.get(node, {}), **values}
            changes["layers"] = {**settings.layers, node: ours}
        case SetBatchSize(batch_size=size):
            changes["batch_size"] = size
        case SetEpochs(epochs=epochs):
            changes["epochs"] = epochs
        case SetSchedule(schedule=schedule):
            changes["schedule"] = schedule
        case SetClipping(clip_norm=norm, clip_value=value):
            changes |= {"clip_norm": norm, "clip_value": value}
        case SetGroups(groups=groups):
            changes["groups"] = groups
        case Freeze(node=node, unit=unit) | Unfreeze(node=node, unit=unit):
            on = command.type == "freeze"
            changes["frozen"] = marked(settings.frozen, node, unit, on=on)
        case Silence(node=node, unit=unit) | Restore(node=node, unit=unit):
            on = command.type == "silence"
            changes["silenced"] = marked(settings.silenced, node, unit, on=on)
        case SetSpeed(steps_per_second=speed):
            changes["speed"] = speed
        case _:
            pass
    return settings.model_copy(update=changes) if changes else settings


def settings_after(spec: RunSpec, log: Iterable[LoggedCommand], speed: float | None) -> Settings:
    """The numbers after a whole log. Speed is no part of it: it changes no result."""
    settings = first_settings(spec)
    for logged in log:
        settings = changed(settings, logged.command)
    return settings.model_copy(update={"speed": speed})


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
        return changed(self.record.settings, event.command)

    def _rewound(self, event: Rewound) -> dict[str, object]:
        record = self.record
        self.log = tuple(logged for logged in self.log if logged.step <= event.step)
        born = Branch(branch=event.branch, parent=event.parent, step=event.step)
        return {
            "branches": (*record.branches, born),
            "settings": settings_after(record.spec, self.log, record.settings.speed),
            "epoch": record.epoch if event.epoch is None else event.epoch,
        }

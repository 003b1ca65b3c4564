"""The settings of a run, and the one place that says what a command does to them.

Whoever needs the settings in force applies the log with :func:`apply`, or copies those that an event carries.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from app.spec.base import Strict
from app.spec.commands import (
    Freeze,
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
)
from app.spec.groups import Groups
from app.spec.run import RunSpec
from app.spec.training import AnySchedule, ConstantRate
from app.spec.units import Marked, marked

Numbers = dict[str, float | bool]


class Settings(Strict):
    """The numbers in force at a run's newest step; ``speed`` in steps a second, null is full speed."""

    optimizer: Numbers
    loss: Numbers = Field({})
    """Changed numbers of the loss."""
    batch_size: int
    epochs: int
    speed: float | None = None
    layers: dict[str, Numbers] = Field({})
    """Changed numbers of layers by node."""
    schedule: AnySchedule = ConstantRate()
    clip_norm: float | None = None
    clip_value: float | None = None
    groups: Groups = ()
    frozen: dict[str, Marked] = Field({})
    """Frozen units by node."""
    silenced: dict[str, Marked] = Field({})
    """Silenced units by node."""

    @classmethod
    def of(cls, spec: RunSpec) -> Settings:
        """Those that a spec starts with, before any command."""
        phase = spec.training.phase
        numbers = {
            name: value
            for name, value in phase.optimizer.model_dump().items()
            if isinstance(value, float | bool)
        }
        return cls(
            optimizer=numbers,
            batch_size=phase.batch_size,
            epochs=phase.epochs,
            schedule=phase.schedule,
            clip_norm=phase.clip_norm,
            clip_value=phase.clip_value,
            groups=phase.groups,
        )


def apply(settings: Settings, command: object) -> Settings:
    """The settings after ``command``; the same object where it changes none of them.

    Checks nothing: a command that does not fit the network is refused where it is carried out.
    """
    changes: dict[str, object] = {}
    match command:
        case SetOptimizer(values=values):
            changes["optimizer"] = {**settings.optimizer, **values}
        case SetLoss(values=values):
            changes["loss"] = {**settings.loss, **values}
        case SetLayer(node=node, values=values):
            numbers = {**settings.layers.get(node, {}), **values}
            changes["layers"] = {**settings.layers, node: numbers}
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
            on = isinstance(command, Freeze)
            changes["frozen"] = marked(settings.frozen, node, unit, on=on)
        case Silence(node=node, unit=unit) | Restore(node=node, unit=unit):
            on = isinstance(command, Silence)
            changes["silenced"] = marked(settings.silenced, node, unit, on=on)
        case SetSpeed(steps_per_second=speed):
            changes["speed"] = speed
        case _:
            pass
    return settings.model_copy(update=changes) if changes else settings


def apply_all(settings: Settings, commands: Iterable[object]) -> Settings:
    """The settings after several commands, in their order."""
    for command in commands:
        settings = apply(settings, command)
    return settings

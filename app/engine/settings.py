"""The numbers of a run that may change while it goes on: what is in force, and what a command does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from app.catalog.family import Part
from app.catalog.layers import Layer
from app.catalog.losses import Loss
from app.catalog.optimizers import Optimizer
from app.catalog.schedules import ConstantRate, Schedule
from app.core import invalid
from app.core.errors import NotFound
from app.engine.hand import commands_between, require_trained, require_unit
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
    Silence,
    Unfreeze,
    is_setting,
)
from app.protocol.refusals import NotLive, OutOfRange, RatesMisfit
from app.spec import groups as rates
from app.spec.check import check
from app.spec.groups import Groups
from app.spec.run import RunSpec
from app.spec.units import Marks, marked

P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Settings:
    """What is in force. ``layers`` holds only those that differ from the spec."""

    optimizer: Optimizer
    loss: Loss
    batch_size: int
    epochs: int
    layers: Mapping[str, Layer] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=ConstantRate)
    clip_norm: float | None = None
    clip_value: float | None = None
    groups: Groups = ()
    frozen: Marks = field(default_factory=dict)
    silenced: Marks = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RunSpec) -> Settings:
        """Those of the spec, before any command."""
        phase = spec.training.phase
        return cls(
            optimizer=phase.optimizer,
            loss=phase.loss,
            batch_size=phase.batch_size,
            epochs=phase.epochs,
            schedule=phase.schedule,
            clip_norm=phase.clip_norm,
            clip_value=phase.clip_value,
            groups=phase.groups,
        )

    def after(self, command: AnyCommand, spec: RunSpec) -> Settings:
        """These with a setting command applied; raises an :class:`Invalid` that says what is wrong."""
        changes: dict[str, Any] = {}
        match command:
            case SetOptimizer():
                changes["optimizer"] = changed(self.optimizer, command.values)
            case SetLoss():
                changes["loss"] = changed(self.loss, command.values)
            case SetSchedule():
                changes["schedule"] = command.schedule
            case SetClipping():
                changes |= {"clip_norm": command.clip_norm, "clip_value": command.clip_value}
            case SetGroups():
                require_fit(command.groups, spec)
                changes["groups"] = command.groups
            case SetBatchSize():
                changes["batch_size"] = command.batch_size
            case SetEpochs():
                changes["epochs"] = command.epochs
            case SetLayer():
                layer = changed(self.layer(command.node, spec), command.values)
                changes["layers"] = {**self.layers, command.node: layer}
            case Freeze() | Unfreeze():
                require_trained(command, spec)
                on = isinstance(command, Freeze)
                changes["frozen"] = marked(self.frozen, command.node, command.unit, on=on)
            case Silence() | Restore():
                require_unit(command, spec)
                on = isinstance(command, Silence)
                changes["silenced"] = marked(self.silenced, command.node, command.unit, on=on)
        return replace(self, **changes) if changes else self

    def facts(self) -> dict[str, Any]:
        """What a snapshot records of them."""
        return {
            "optimizer": self.optimizer.model_dump(),
            "loss": self.loss.model_dump(),
            "schedule": self.schedule.model_dump(),
            "groups": [group.model_dump() for group in self.groups],
            "clip_norm": self.clip_norm,
            "clip_value": self.clip_value,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "layers": {name: layer.model_dump() for name, layer in self.layers.items()},
            "frozen": {name: marks.model_dump() for name, marks in self.frozen.items()},
            "silenced": {name: marks.model_dump() for name, marks in self.silenced.items()},
        }

    def layer(self, name: str, spec: RunSpec) -> Layer:
        """A node's layer with the numbers in force."""
        if name in self.layers:
            return self.layers[name]
        for node in spec.model.nodes:
            if node.id == name:
                return node.layer
        raise NotFound(kind="layer", name=name)

    def commands_to(self, target: Settings, spec: RunSpec) -> list[AnyCommand]:
        """The commands that lead from these to ``target``."""
        found: list[AnyCommand] = []
        if values := _difference(self.optimizer, target.optimizer):
            found.append(SetOptimizer(values=values))
        if values := _difference(self.loss, target.loss):
            found.append(SetLoss(values=values))
        differences = (
            (name, _difference(self.layer(name, spec), target.layer(name, spec)))
            for name in sorted({*self.layers, *target.layers})
        )
        found += [SetLayer(node=name, values=values) for name, values in differences if values]
        if target.schedule != self.schedule:
            found.append(SetSchedule(schedule=target.schedule))
        clipping = (target.clip_norm, target.clip_value)
        if clipping != (self.clip_norm, self.clip_value):
            found.append(SetClipping(clip_norm=clipping[0], clip_value=clipping[1]))
        if target.groups != self.groups:
            found.append(SetGroups(groups=target.groups))
        if target.batch_size != self.batch_size:
            found.append(SetBatchSize(batch_size=target.batch_size))
        if target.epochs != self.epochs:
            found.append(SetEpochs(epochs=target.epochs))
        found += commands_between(self.frozen, target.frozen, Freeze, Unfreeze)
        found += commands_between(self.silenced, target.silenced, Silence, Restore)
        return found


def require_fit(groups: Groups, spec: RunSpec) -> None:
    """Raises :class:`RatesMisfit` for the first entry that names nothing of the network."""
    report = check(spec.model, spec.training)
    tensors = {node.id: [p.name for p in node.parameters] for node in report.nodes}
    for _, problem in rates.misfits(groups, tensors):
        raise RatesMisfit(
            pointer=f"/groups{problem.pointer}",
            node=problem.node,
            why=problem.message.en,
            why_zh=problem.message.zh,
        )


def changed(part: P, values: Mapping[str, float | bool]) -> P:
    """The part with other numbers, checked against its own bounds; only live fields may change."""
    for name in values:
        if name not in part.LIVE:
            live = ", ".join(sorted(part.LIVE)) or "–"
            raise NotLive(
                pointer=f"/values/{name}",
                field=name,
                part=part.TITLE.en,
                part_zh=part.TITLE.zh,
                live=live,
            )
    try:
        return type(part).model_validate({**part.model_dump(), **values})
    except ValidationError as error:
        first = invalid.problems(error)[0]
        pointer = first.pointer or f"/{next(iter(values))}"
        raise OutOfRange(pointer=f"/values{pointer}", why=first.message) from error


def _difference(before: Part, now: Part) -> dict[str, Any]:
    return {
        name: getattr(now, name)
        for name in sorted(now.LIVE)
        if getattr(now, name) != getattr(before, name)
    }


def in_force(spec: RunSpec, log: Iterable[LoggedCommand], step: int) -> Settings:
    """The settings after all logged commands up to and including ``step``."""
    found = Settings.of(spec)
    for entry in log:
        if entry.step <= step and is_setting(entry.command):
            found = found.after(entry.command, spec)
    return found

"""The settings in force in a trainer, as parts, and which commands they take.

What a command does to the settings is in :mod:`app.spec.settings` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from app.catalog.family import Part
from app.catalog.layers import Layer
from app.catalog.losses import Loss
from app.catalog.optimizers import Optimizer
from app.catalog.schedules import ConstantRate, Schedule
from app.core import invalid
from app.engine.hand import commands_between, no_layer, require_trained, require_unit
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
from app.spec.settings import Settings, apply, apply_all
from app.spec.units import Marks

P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class ActiveSettings:
    """Settings with the parts that have their numbers. ``layers`` holds only those that differ from
    the spec."""

    spec: RunSpec
    values: Settings
    optimizer: Optimizer
    loss: Loss
    layers: Mapping[str, Layer]

    @classmethod
    def of(cls, spec: RunSpec, values: Settings | None = None) -> ActiveSettings:
        """Those of the spec, or ``values`` for it."""
        values = values or Settings.of(spec)
        phase = spec.training.phase
        return cls(
            spec=spec,
            values=values,
            optimizer=_with(phase.optimizer, values.optimizer),
            loss=_with(phase.loss, values.loss),
            layers={
                name: _with(_layer(spec, name), numbers) for name, numbers in values.layers.items()
            },
        )

    @property
    def batch_size(self) -> int:
        return self.values.batch_size

    @property
    def epochs(self) -> int:
        return self.values.epochs

    @property
    def schedule(self) -> Schedule:
        return self.values.schedule

    @property
    def clip_norm(self) -> float | None:
        return self.values.clip_norm

    @property
    def clip_value(self) -> float | None:
        return self.values.clip_value

    @property
    def groups(self) -> Groups:
        return self.values.groups

    @property
    def frozen(self) -> Marks:
        return self.values.frozen

    @property
    def silenced(self) -> Marks:
        return self.values.silenced

    def after(self, command: AnyCommand) -> ActiveSettings:
        """These with a setting command applied; raises an :class:`Invalid` that says what is wrong."""
        self._require(command)
        return self._changed(apply(self.values, command))

    def at_constant_rate(self) -> ActiveSettings:
        """These without the schedule."""
        return self._changed(self.values.model_copy(update={"schedule": ConstantRate()}))

    def facts(self) -> dict[str, Any]:
        """What a snapshot records of them."""
        parts = {name: layer.model_dump() for name, layer in self.layers.items()}
        return {
            **self.values.model_dump(mode="json", exclude={"speed"}),
            "optimizer": self.optimizer.model_dump(),
            "loss": self.loss.model_dump(),
            "layers": parts,
        }

    def layer(self, name: str) -> Layer:
        """A node's layer with the numbers in force."""
        return self.layers[name] if name in self.layers else _layer(self.spec, name)

    def commands_to(self, target: ActiveSettings) -> list[AnyCommand]:
        """The commands that lead from these to ``target``."""
        found: list[AnyCommand] = []
        if values := _difference(self.optimizer, target.optimizer):
            found.append(SetOptimizer(values=values))
        if values := _difference(self.loss, target.loss):
            found.append(SetLoss(values=values))
        differences = (
            (name, _difference(self.layer(name), target.layer(name)))
            for name in sorted({*self.layers, *target.layers})
        )
        found += [SetLayer(node=name, values=values) for name, values in differences if values]
        if target.schedule != self.schedule:
            found.append(SetSchedule(schedule=target.values.schedule))
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

    def _changed(self, values: Settings) -> ActiveSettings:
        return self if values is self.values else ActiveSettings.of(self.spec, values)

    def _require(self, command: AnyCommand) -> None:
        match command:
            case SetOptimizer():
                changed(self.optimizer, command.values)
            case SetLoss():
                changed(self.loss, command.values)
            case SetGroups():
                require_fit(command.groups, self.spec)
            case SetLayer():
                changed(self.layer(command.node), command.values)
            case Freeze() | Unfreeze():
                require_trained(command, self.spec)
            case Silence() | Restore():
                require_unit(command, self.spec)


def _layer(spec: RunSpec, name: str) -> Layer:
    for node in spec.model.nodes:
        if node.id == name:
            return node.layer
    raise no_layer(name)


def _with(part: P, numbers: Mapping[str, float | bool]) -> P:
    """The part with other numbers."""
    return type(part).model_validate({**part.model_dump(), **numbers}) if numbers else part


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
        return _with(part, values)
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


def in_force(spec: RunSpec, log: Iterable[LoggedCommand], step: int) -> ActiveSettings:
    """The settings after all logged commands up to and including ``step``."""
    commands = (entry.command for entry in log if entry.step <= step and is_setting(entry.command))
    return ActiveSettings.of(spec, apply_all(Settings.of(spec), commands))

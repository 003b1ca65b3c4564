"""The numbers of a run that may change while it goes on: what is in force, and what a command does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from app.catalog.family import Part
from app.catalog.layers import Layer
from app.catalog.optimizers import Optimizer
from app.core import invalid
from app.core.errors import NotFound
from app.protocol.commands import (
    AnyCommand,
    LoggedCommand,
    SetBatchSize,
    SetEpochs,
    SetLayer,
    SetOptimizer,
    is_setting,
)
from app.protocol.refusals import NotLive, OutOfRange
from app.spec.run import RunSpec

P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Settings:
    """What is in force. ``layers`` holds only those that differ from the spec."""

    optimizer: Optimizer
    batch_size: int
    epochs: int
    layers: Mapping[str, Layer] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RunSpec) -> Settings:
        """Those of the spec, before any command."""
        phase = spec.training.phase
        return cls(phase.optimizer, phase.batch_size, phase.epochs)

    def after(self, command: AnyCommand, spec: RunSpec) -> Settings:
        """These with a setting command applied; raises an :class:`Invalid` that says what is wrong."""
        if isinstance(command, SetOptimizer):
            return replace(self, optimizer=changed(self.optimizer, command.values))
        if isinstance(command, SetBatchSize):
            return replace(self, batch_size=command.batch_size)
        if isinstance(command, SetEpochs):
            return replace(self, epochs=command.epochs)
        if isinstance(command, SetLayer):
            layer = changed(self.layer(command.node, spec), command.values)
            return replace(self, layers={**self.layers, command.node: layer})
        return self

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
        differences = (
            (name, _difference(self.layer(name, spec), target.layer(name, spec)))
            for name in sorted({*self.layers, *target.layers})
        )
        found += [SetLayer(node=name, values=values) for name, values in differences if values]
        if target.batch_size != self.batch_size:
            found.append(SetBatchSize(batch_size=target.batch_size))
        if target.epochs != self.epochs:
            found.append(SetEpochs(epochs=target.epochs))
        return found


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

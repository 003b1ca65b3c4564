"""Numbers that were changed while a run went on, as statements of its exported training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.catalog.code import literal
from app.catalog.schedules import Constant
from app.engine.export.layout import statement
from app.engine.export.model import trains, written
from app.engine.export.names import attribute
from app.engine.settings import Settings
from app.engine.trainer import Trainer
from app.protocol.commands import (
    AnyCommand,
    LoggedCommand,
    SetBatchSize,
    SetClipping,
    SetEpochs,
    SetGroups,
    SetLayer,
    SetOptimizer,
    SetSchedule,
)


@dataclass
class Changes:
    """Statements by the number of steps made before them; false where nothing was changed."""

    at: dict[int, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.at)

    def lines(self, indent: int) -> list[str]:
        """``if step == …`` for each step, in order."""
        found = []
        for step, statements in sorted(self.at.items()):
            found.append(f"{' ' * indent}if step == {step}:")
            found += [statement(text, indent + 4) for text in statements]
        return found


def changes(trainer: Trainer, log: Iterable[LoggedCommand]) -> Changes:
    """What the settings of ``log`` do, one after the other."""
    found = Changes()
    settings = Settings.of(trainer.spec)
    for entry in sorted(log, key=lambda one: one.step):
        settings = settings.after(entry.command, trainer.spec)
        said = _said(entry.command, settings, trainer)
        if said:
            found.at.setdefault(entry.step, []).extend(said)
    return found


def _said(command: AnyCommand, settings: Settings, trainer: Trainer) -> list[str]:
    if isinstance(command, SetBatchSize):
        return [f"batch_size = {command.batch_size}"]
    if isinstance(command, SetEpochs):
        return [f"epochs = {command.epochs}"]
    if isinstance(command, SetOptimizer) and trains(trainer.network):
        return _numbers(settings, trainer)
    if isinstance(command, SetSchedule | SetClipping | SetGroups):
        return [f"# Not repeated here: {command.type} was changed by hand at this step.", "pass"]
    if isinstance(command, SetLayer) and command.node in written(trainer.network):
        return [
            f"model.{attribute(command.node)}.{name} = {literal(value)}"
            for name, value in command.values.items()
        ]
    return []


def _numbers(settings: Settings, trainer: Trainer) -> list[str]:
    """Other numbers of the optimiser; a group keeps its share of η and its own decay."""
    phase = trainer.spec.training.phase
    options = dict(settings.optimizer.options())
    rate = literal(options.pop("lr"))
    if phase.groups:
        options.pop("weight_decay", None)
    given = [f"{name}={literal(value)}" for name, value in options.items()]
    if not isinstance(phase.schedule, Constant):
        rates = [f"rates = [{rate} * share for share in shares]"]
        return [*rates, *_update("group in optimizer.param_groups", given)]
    over = "group, share in zip(optimizer.param_groups, shares)"
    return _update(over, [f"lr={rate} * share", *given])


def _update(over: str, given: list[str]) -> list[str]:
    return [f"for {over}:", f"    group.update({', '.join(given)})"] if given else []

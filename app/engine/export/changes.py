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
    EditWeight,
    Freeze,
    LoggedCommand,
    Restore,
    SetBatchSize,
    SetClipping,
    SetEpochs,
    SetGroups,
    SetLayer,
    SetOptimizer,
    SetSchedule,
    Silence,
    Unfreeze,
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
    said: list[str] = []
    match command:
        case SetBatchSize():
            said = [f"batch_size = {command.batch_size}"]
        case SetEpochs():
            said = [f"epochs = {command.epochs}"]
        case SetOptimizer() if trains(trainer.network):
            said = _numbers(settings, trainer)
        case SetSchedule() | SetClipping() | SetGroups():
            said = _left_out(f"{command.type} was changed")
        case SetLayer() if command.node in written(trainer.network):
            said = [
                f"model.{attribute(command.node)}.{name} = {literal(value)}"
                for name, value in command.values.items()
            ]
        case EditWeight() if command.node in written(trainer.network):
            said = _written(command)
        case Freeze() | Unfreeze() | Silence() | Restore():
            one = command.node if command.unit is None else f"{command.node}, unit {command.unit}"
            said = _left_out(f"{command.type} ({one}) was done")
    return said


def _left_out(what: str) -> list[str]:
    """What the file cannot say, said plainly."""
    return [f"# Not repeated here: {what} by hand at this step.", "pass"]


def _written(command: EditWeight) -> list[str]:
    """A weight that was written by hand is written again."""
    index = ", ".join(map(str, command.index)) or "()"
    node, value = attribute(command.node), literal(command.value)
    return [
        "with torch.no_grad():",
        f'    model.{node}.get_parameter("{command.tensor}")[{index}] = {value}',
    ]


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

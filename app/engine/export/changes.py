"""Numbers that were changed while a run went on, as statements of its exported training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.catalog.code import literal
from app.engine.export.layout import statement
from app.engine.export.model import trains, written
from app.engine.export.names import attribute
from app.engine.settings import Settings
from app.engine.trainer import Trainer
from app.protocol.commands import (
    AnyCommand,
    LoggedCommand,
    SetBatchSize,
    SetEpochs,
    SetLayer,
    SetOptimizer,
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
        options = settings.optimizer.options()
        given = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
        return [f"optimizer.param_groups[0].update({given})"]
    if isinstance(command, SetLayer) and command.node in written(trainer.network):
        return [
            f"model.{attribute(command.node)}.{name} = {literal(value)}"
            for name, value in command.values.items()
        ]
    return []

"""What was changed while a run went on, as statements of its exported training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.catalog.code import Code, literal
from app.catalog.schedules import ConstantRate, Schedule
from app.core.quoted import remark
from app.engine.export.layout import statement
from app.engine.export.model import trains, written
from app.engine.export.names import attribute, tensor
from app.engine.settings import ActiveSettings
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
    SetLoss,
    SetOptimizer,
    SetSchedule,
    Silence,
    Unfreeze,
)
from app.spec.groups import Groups, Rate, rate_of

Say = Callable[[Code], str]
"""An expression, whose needs are noted where the file is written."""


@dataclass
class Changes:
    """Statements by the number of steps made before them; false where nothing was changed."""

    trainer: Trainer
    log: tuple[LoggedCommand, ...]
    at: dict[int, list[str]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    """Other numbers of epochs, by step: one may come after the last step of the last epoch."""

    def __bool__(self) -> bool:
        return bool(self.log)

    def has(self, *kinds: type) -> bool:
        """Whether a command of this kind was given."""
        return any(isinstance(entry.command, kinds) for entry in self.log)

    @property
    def schedules(self) -> list[Schedule]:
        """That of the spec and all that came in its place."""
        own = self.trainer.spec.training.phase.schedule
        given = [one.command.schedule for one in self.log if isinstance(one.command, SetSchedule)]
        return [own, *given]

    @property
    def scheduled(self) -> bool:
        return any(not isinstance(one, ConstantRate) for one in self.schedules)

    @property
    def watches(self) -> bool:
        return any(one.watches for one in self.schedules)

    @property
    def regroups(self) -> bool:
        """Whether the rates of single layers are in play when numbers change."""
        grouped = bool(self.trainer.spec.training.phase.groups)
        return self.has(SetGroups) or (grouped and self.has(SetOptimizer))

    def write(self, say: Say) -> None:
        """Fill ``at``: what the settings do, one after the other."""
        settings = ActiveSettings.of(self.trainer.spec)
        for entry in self.log:
            before, settings = settings, settings.after(entry.command)
            said = self._said(entry.command, before, settings, say)
            if said:
                self.at.setdefault(entry.step, []).extend(said)
            if isinstance(entry.command, SetEpochs):
                self.ends[entry.step] = entry.command.epochs

    def lines(self, indent: int) -> list[str]:
        """``if step == …`` for each step, in order."""
        found = []
        for step, statements in sorted(self.at.items()):
            found.append(f"{' ' * indent}if step == {step}:")
            found += [statement(text, indent + 4) for text in statements]
        return found

    def last_lines(self, indent: int) -> list[str]:
        """The other ends, for the place between two epochs."""
        found = []
        for step, epochs in sorted(self.ends.items()):
            found.append(f"{' ' * indent}if step == {step}:")
            found.append(f"{' ' * indent}    epochs = {epochs}")
        return found

    def _said(
        self, command: AnyCommand, before: ActiveSettings, settings: ActiveSettings, say: Say
    ) -> list[str]:
        if isinstance(command, SetLoss):
            loss = settings.loss
            code = loss.code_steps() if self.trainer.per_step else loss.code()
            return [f"loss_function = {say(code)}"]
        if trains(self.trainer.network):
            match command:
                case SetOptimizer() | SetGroups():
                    return self._regrouped(settings) if self.regroups else self._numbers(settings)
                case SetSchedule() if self.scheduled:
                    return self._scheduled(before.schedule, settings.schedule, say)
                case SetClipping():
                    limits = literal(settings.clip_value), literal(settings.clip_norm)
                    return [f"clip_value, clip_norm = {', '.join(limits)}"]
        return self._plain(command)

    def _plain(self, command: AnyCommand) -> list[str]:
        """What has nothing to do with how the weights are updated."""
        kept = written(self.trainer.network)
        match command:
            case SetBatchSize():
                size = [f"batch_size = {command.batch_size}"]
                steps = ["per_epoch = -(-len(inputs) // batch_size)"] if self.scheduled else []
                return size + steps
            case SetEpochs():
                return [f"epochs = {command.epochs}"]
            case SetLayer() if command.node in kept:
                return [
                    f"model.{attribute(command.node)}.{name} = {literal(value)}"
                    for name, value in command.values.items()
                ]
            case EditWeight() if command.node in kept:
                return _by_hand(command)
            case Freeze() | Unfreeze() | Silence() | Restore():
                unit = "" if command.unit is None else f", unit {command.unit}"
                return _left_out(f"{command.type} ({command.node}{unit}) was done")
        return []

    def _scheduled(self, before: Schedule, now: Schedule, say: Say) -> list[str]:
        lines = [f"schedule = {say(now.code())}"]
        if self.watches:
            lines.append(f"watches = {now.watches}")
        if not (before.watches and now.watches):
            lines.append("memory = Memory()")
        return lines

    def _numbers(self, settings: ActiveSettings) -> list[str]:
        """Other numbers of the optimiser's one group."""
        options = dict(settings.optimizer.options())
        rate = literal(options.pop("lr"))
        given = [f"{name}={literal(value)}" for name, value in options.items()]
        if self.scheduled:
            return [f"rates = [{rate}]", *_update(given)]
        return _update([f"lr={rate}", *given])

    def _regrouped(self, settings: ActiveSettings) -> list[str]:
        """All groups anew, with the numbers in force."""
        options = settings.optimizer.options()
        listed = []
        for rate, names in grouped(self.trainer, settings.groups).items():
            numbers = {**options, "lr": options["lr"] * rate.factor}
            if rate.weight_decay is not None:
                numbers["weight_decay"] = rate.weight_decay
            said = [f"{literal(name)}: {literal(value)}" for name, value in numbers.items()]
            listed.append("{" + ", ".join([params(names), *said]) + "}")
        lines = [f"regroup(optimizer, [{', '.join(listed)}])"]
        if self.scheduled:
            lines.append('rates = [group["lr"] for group in optimizer.param_groups]')
        return lines


def changes(trainer: Trainer, log: Iterable[LoggedCommand]) -> Changes:
    """What ``log`` says was changed, in its order."""
    return Changes(trainer, tuple(sorted(log, key=lambda one: one.step)))


def grouped(trainer: Trainer, groups: Groups) -> dict[Rate, list[str]]:
    """The names of the parameters that learn alike; frozen ones are left out."""
    found: dict[Rate, list[str]] = {}
    kept = set(written(trainer.network))
    for name, _ in trainer.network.named_parameters():
        node, _, rest = name.partition(".")
        rate = rate_of(groups, node, rest)
        if node in kept and rate.factor > 0.0:
            found.setdefault(rate, []).append(name)
    return found


def _left_out(what: str) -> list[str]:
    """What the file cannot say, said plainly."""
    return [remark(f"Not repeated here: {what} by hand at this step."), "pass"]


def _by_hand(command: EditWeight) -> list[str]:
    """A weight that was written by hand is written again."""
    index = ", ".join(map(str, command.index)) or "()"
    node, value = attribute(command.node), literal(command.value)
    return [
        "with torch.no_grad():",
        f"    model.{node}.get_parameter({literal(command.tensor)})[{index}] = {value}",
    ]


def params(names: Iterable[str]) -> str:
    """The entry of a group that lists its weights."""
    listed = ", ".join(f"weights[{literal(tensor(name))}]" for name in names)
    return f'"params": [{listed}]'


def _update(given: list[str]) -> list[str]:
    return [
        "for group in optimizer.param_groups:",
        f"    group.update({', '.join(given)})",
    ]

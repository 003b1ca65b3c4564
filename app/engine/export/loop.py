"""The training loop of exported code: optimiser, schedule, clipping, augmentation, steps.

Each part says its own code; here they are only put in the order in which the trainer has them.
"""

from __future__ import annotations

from collections import Counter

from app.catalog.code import Code, literal
from app.catalog.schedules import Memory, Place
from app.core.ids import stable_hash
from app.engine.export.bundle import Bundle
from app.engine.export.changes import Changes, grouped, params
from app.engine.export.evaluate import measure
from app.engine.export.layout import statement
from app.engine.export.model import draws, trains
from app.engine.export.regroup import regroup
from app.engine.trainer import Trainer
from app.protocol.commands import SetClipping, SetSchedule
from app.spec.groups import Rate


class Loop:
    """Writes the function ``train`` and notes in ``bundle`` what it needs."""

    def __init__(self, trainer: Trainer, bundle: Bundle, found: Changes) -> None:
        phase = trainer.spec.training.phase
        self.trainer = trainer
        self.phase = phase
        self.bundle = bundle
        self.found = found
        self.draws = draws(trainer.network)
        self.groups = grouped(trainer, phase.groups) if trains(trainer.network) else {}
        self.trains = bool(self.groups) or (trains(trainer.network) and found.regroups)
        self.reclips = self.trains and found.has(SetClipping)
        self.clips = self.trains and (phase.clip_norm or phase.clip_value) is not None
        self.scheduled = self.trains and found.scheduled
        self.watches = self.scheduled and found.watches
        if found.regroups:
            bundle.add(regroup)
        found.write(self._said)

    def text(self) -> str:
        """The source of ``train``."""
        name = measure(self.trainer)
        lines = [
            "def train(steps: int | None = None) -> Iterator[tuple[int, float]]:",
            '    """Yields (step, loss of its batch) after every step; ``steps`` ends it early."""',
            '    inputs, targets, _ = load_data("train")',
            *self._model(),
            *self._optimizer(),
            statement(f"loss_function = {self._said(self._loss())}", 4),
            *self._schedule(),
            *self._limits(),
            *self._augmentations(),
            "    step = 0",
            *(self._changing() if self.found else self._steady()),
            f'        print(f"epoch {{epoch + 1}}: validation {name} {{{name}(model):.4f}}")',
            *self._watching(),
            *(["        epoch += 1", *self.found.last_lines(8)] if self.found else []),
        ]
        return "\n".join(lines) + "\n"

    def _loss(self) -> Code:
        loss = self.phase.loss
        return loss.code_steps() if self.trainer.per_step else loss.code()

    def _said(self, code: Code) -> str:
        """An expression, with all it needs noted."""
        self.bundle.expression(code.expression)
        for use in code.uses:
            self.bundle.add(use)
        return code.expression

    # --- before the loop -------------------------------------------------------------------------

    def _model(self) -> list[str]:
        lines = [
            "    model = Network()",
            '    model.load_state_dict(load_file(FOLDER / "weights.safetensors"))',
        ]
        if len(self.trainer.data.shape) == 3:
            lines.append("    model.to(memory_format=torch.channels_last)")
        return lines

    def _optimizer(self) -> list[str]:
        if not self.trains:
            return []
        named = "    weights = dict(model.named_parameters())"
        plain = list(self.groups) == [Rate()] and not self.phase.groups
        if plain or not self.groups:
            made = self.phase.optimizer.code("model.parameters()")
            lines = [statement(f"optimizer = {self._said(made)}", 4)]
            frozen = [] if self.groups else ["    regroup(optimizer, [])"]
            return [named, *lines, *frozen] if self.found.regroups else lines
        lines = [named, "    groups = ["]
        lines += [
            statement(self._group(rate, names) + ",", 8) for rate, names in self.groups.items()
        ]
        made = self.phase.optimizer.code("groups")
        return [*lines, "    ]", statement(f"optimizer = {self._said(made)}", 4)]

    def _group(self, rate: Rate, names: list[str]) -> str:
        said = params(names)
        if rate.factor != 1.0:
            eta = self.phase.optimizer.learning_rate
            said += f', "lr": {literal(eta * rate.factor)}'
        if rate.weight_decay is not None:
            said += f', "weight_decay": {literal(rate.weight_decay)}'
        return "{" + said + "}"

    def _schedule(self) -> list[str]:
        if not self.scheduled:
            return []
        self.bundle.add(Place)
        self.bundle.add(Memory)
        if self.watches:
            self.bundle.imports.add("from collections.abc import Callable")
        return [
            statement(f"schedule = {self._said(self.phase.schedule.code())}", 4),
            "    memory = Memory()",
            "    per_epoch = -(-len(inputs) // BATCH_SIZE)",
            '    rates = [group["lr"] for group in optimizer.param_groups]',
        ]

    def _limits(self) -> list[str]:
        """The clipping in force, where it is changed by hand; and whether η watches the loss."""
        lines = []
        if self.reclips:
            limits = literal(self.phase.clip_value), literal(self.phase.clip_norm)
            lines.append(f"    clip_value, clip_norm = {', '.join(limits)}")
        if self.watches and self.found.has(SetSchedule):
            lines.append(f"    watches = {self.phase.schedule.watches}")
        return lines

    def _augmentations(self) -> list[str]:
        lines = []
        for number, part in enumerate(self.trainer.spec.training.augmentations):
            lines.append(statement(f"change_{number} = {self._said(part.code())}", 4))
        if lines:
            self.bundle.add(stable_hash)
            lines.append("    generator = torch.Generator()")
        return lines

    # --- the loop --------------------------------------------------------------------------------

    def _steady(self) -> list[str]:
        return [
            "    for epoch in range(EPOCHS):",
            "        order = epoch_order(SEED, epoch, len(inputs))",
            *(["        offset = 0"] if self.scheduled else []),
            "        for index in order.split(BATCH_SIZE):",
            *self._step(12),
        ]

    def _changing(self) -> list[str]:
        """The loop of a run whose numbers were changed on the way."""
        return [
            "    epoch, epochs, batch_size = 0, EPOCHS, BATCH_SIZE",
            "    while epoch < epochs:",
            "        order, offset = epoch_order(SEED, epoch, len(inputs)), 0",
            "        while offset < len(order):",
            "            # What was changed while the run went on.",
            *self.found.lines(12),
            "            index = order[offset : offset + batch_size]",
            *self._step(12),
            *([] if self.scheduled else ["            offset += len(index)"]),
        ]

    def _step(self, indent: int) -> list[str]:
        lines = ["x = inputs[index]"] if self.trainer.augment else []
        lines += self._augment()
        lines += ["model.reseed(SEED, step)"] if self.draws else []
        lines += [
            f"output = model({'x' if self.trainer.augment else 'inputs[index]'})",
            "loss = loss_function(output, targets[index])",
        ]
        if self.trains:
            lines += [*self._rate(), "optimizer.zero_grad()", "loss.backward()"]
            lines += [*self._clip(), "optimizer.step()"]
        lines += ["offset += len(index)"] if self.scheduled else []
        lines += ["step += 1", "yield step, loss.item()", "if step == steps:", "    return"]
        return [" " * indent + line for line in lines]

    def _augment(self) -> list[str]:
        lines, seen = [], Counter[str]()
        for number, part in enumerate(self.trainer.spec.training.augmentations):
            seen[part.kind()] += 1
            name = f"augmentation {part.kind()} {seen[part.kind()]}"
            lines.append(f"generator.manual_seed(stable_hash(SEED, step, {literal(name)}))")
            lines.append(f"x = change_{number}.apply(x, generator)")
        return lines

    def _place(self, epoch: str, offset: str) -> str:
        size, epochs = ("batch_size", "epochs") if self.found else ("BATCH_SIZE", "EPOCHS")
        return (
            f"Place(step={epoch} * per_epoch + {offset} / {size}, steps={epochs} * per_epoch, "
            "per_epoch=per_epoch)"
        )

    def _rate(self) -> list[str]:
        if not self.scheduled:
            return []
        return [
            *statement(f"place = {self._place('epoch', 'offset')}", 0).splitlines(),
            "for group, rate in zip(optimizer.param_groups, rates):",
            '    group["lr"] = rate * schedule.factor(place, memory)',
        ]

    def _clip(self) -> list[str]:
        if not self.clips and not self.reclips:
            return []
        self.bundle.imports.add("from torch import nn")
        trained = "list(model.parameters())" if self.reclips else "model.parameters()"
        if self.phase.groups or self.found.regroups:
            trained = '[w for group in optimizer.param_groups for w in group["params"]]'
        if self.reclips:
            return [
                f"trained = {trained}",
                "if clip_value is not None:",
                "    nn.utils.clip_grad_value_(trained, clip_value)",
                "if clip_norm is not None:",
                "    nn.utils.clip_grad_norm_(trained, clip_norm)",
            ]
        lines = []
        if self.phase.clip_value is not None:
            value = literal(self.phase.clip_value)
            lines.append(f"nn.utils.clip_grad_value_({trained}, {value})")
        if self.phase.clip_norm is not None:
            norm = literal(self.phase.clip_norm)
            lines.append(f"nn.utils.clip_grad_norm_({trained}, {norm})")
        return lines

    def _watching(self) -> list[str]:
        if not self.watches:
            return []
        lines = [
            statement(f"place = {self._place('(epoch + 1)', '0')}", 8),
            "        memory = schedule.after(memory, place, validation_loss(model, loss_function))",
        ]
        if not self.found.has(SetSchedule):
            return lines
        inner = [f"    {line}" for part in lines for line in part.splitlines()]
        return ["        if watches:", *inner]

"""One run's weights, optimiser and place in the data, moved on one step at a time.

Knows nothing of commands that play or pause, of snapshots on disk or of viewers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from app.catalog.datasets import SHELF
from app.catalog.schedules import ConstantRate, Memory, Place
from app.engine.augment import augmenter
from app.engine.compile import Network, States, compile_network
from app.engine.data import Resident, contiguous_order, epoch_order
from app.engine.diagnosis import Finding, finite, first_not_finite
from app.engine.evaluation import evaluate
from app.engine.hand import edit
from app.engine.held import held_parts, members_of
from app.engine.meter import Meter, Point
from app.engine.settings import ActiveSettings
from app.engine.update import Update
from app.engine.weights import put_weights, read_weights
from app.protocol.commands import AnyCommand, EditWeight
from app.protocol.taps import AnySample
from app.spec.plan import steps_per_epoch
from app.spec.run import RunSpec


@dataclass
class Cursor:
    """Where the training stands: ``offset`` samples of ``epoch`` have been passed."""

    step: int = 0
    epoch: int = 0
    offset: int = 0


@dataclass
class Tally:
    """Sums over the running epoch, for its mean loss and accuracy."""

    samples: int = 0
    """Answers that were asked for: one a sample, or one a counted step of a sequence."""
    loss: float = 0.0
    hits: int = 0

    def add(self, point: Point) -> None:
        self.samples += point.answers
        self.loss += point.loss * point.weight
        self.hits += point.hits or 0


@dataclass(frozen=True)
class Divergence:
    """The first step whose loss was not finite, and where that began."""

    step: int
    finding: Finding


class Trainer:
    """Trains the network of a run. ``step()`` makes one step; nothing else changes the weights."""

    def __init__(
        self,
        spec: RunSpec,
        root: Path,
        device: torch.device,
        weights: Path | None = None,
        data: Resident | None = None,
    ) -> None:
        """``weights``: a file to start from. ``data``: those of another trainer of the same spec."""
        self.spec = spec
        self.device = device
        SHELF.look_in(root)
        self.network: Network = compile_network(spec, device)
        self._given = None if weights is None else read_weights(weights)
        put_weights(self.network, self._given)
        outputs = self.network.shapes[self.network.output][-1]
        self.data = data or Resident(spec, root, device, outputs)
        self.augment = augmenter(spec, device)
        self.parameters = list(self.network.parameters())
        self.cursor = Cursor()
        self.meter = Meter()
        self.tally = Tally()
        self.diverged: Divergence | None = None
        self._order = ((-1, -1), torch.empty(0))
        self.carries = spec.training.dataset.carries
        """Whether recurrent nodes go on from where the last batch left them."""
        self.carried: States = {}
        """Their states before the coming step; empty at rest."""
        self.settings = ActiveSettings.of(spec)
        self.memory = Memory()
        """What the schedule remembers."""
        self.rate: float | None = None
        """η of the newest step."""
        self._evaluated: tuple[float, float | None] | None = None
        self.optimizer: torch.optim.Optimizer | None = None
        self.updater: Update | None = None
        self._renew_optimizer()
        self._arrange()

    def _renew_optimizer(self) -> None:
        """A new optimiser without state; none where there is nothing to train."""
        if self.parameters:
            self.optimizer = self.settings.optimizer.build(self.parameters)
            self.updater = Update(self.optimizer)

    def _arrange(self) -> None:
        """Give loss and optimiser the numbers in force: parameters that learn alike are one group."""
        settings, loss = self.settings, self.settings.loss
        self.loss = loss.build_steps() if self.per_step else loss.build()
        self._scheduled = not isinstance(settings.schedule, ConstantRate)
        if self.updater is None:
            return
        members = members_of(self.network, settings.groups, settings.frozen)
        self.updater.clip(settings.clip_norm, settings.clip_value)
        self.updater.arrange(settings.optimizer.options(), members)
        self.updater.hold(held_parts(self.network, settings.frozen, members))

    def reset(self) -> None:
        """Back to step 0 and to the spec's settings: the same initial weights."""
        put_weights(self.network, {**Network(self.spec).state_dict(), **(self._given or {})})
        self._renew_optimizer()
        self.apply(ActiveSettings.of(self.spec))
        self.cursor, self.meter, self.tally = Cursor(), Meter(), Tally()
        self.diverged, self.rate, self.memory = None, None, Memory()
        self.carried = {}

    # --- settings --------------------------------------------------------------------------------

    def command(self, command: AnyCommand) -> None:
        """Put a setting into force from the next step on, or write a weight."""
        if isinstance(command, EditWeight):
            edit(self.network, command)
            self._evaluated = None
        else:
            self.apply(self.settings.after(command))

    def apply(self, settings: ActiveSettings) -> None:
        """Put all of ``settings`` into force."""
        before, self.settings = self.settings, settings
        self._evaluated = None
        if not (before.schedule.watches and settings.schedule.watches):
            self.memory = Memory()
        self._arrange()
        for name in {*before.layers, *settings.layers}:
            layer = settings.layer(name)
            values = {field: getattr(layer, field) for field in layer.LIVE}
            self.network.set_layer(name, layer, values)
        if settings.silenced != before.silenced:
            self.network.silence(settings.silenced)

    # --- place in the data -----------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Training samples."""
        return self.data.train.count

    @property
    def epoch(self) -> float:
        """Passed samples as a number of epochs."""
        return self.cursor.epoch + self.cursor.offset / self.count

    @property
    def epoch_ended(self) -> bool:
        """Whether the last step was the last of its epoch."""
        return self.cursor.offset == 0 and self.cursor.step > 0

    @property
    def finished(self) -> bool:
        """Whether the last epoch has been made."""
        return self.cursor.epoch >= self.settings.epochs

    @property
    def reconstructs(self) -> bool:
        """Whether the targets are the inputs themselves."""
        return self.data.train.targets is None

    @property
    def classes(self) -> bool:
        return self.data.train.labels is not None

    @property
    def summed_over(self) -> int | None:
        """How many samples' losses are added up to that of a batch; None where it is their mean."""
        return self.settings.batch_size if self.settings.loss.sums else None

    @property
    def per_step(self) -> bool:
        """Whether every step of a sequence has a class of its own."""
        return self.data.per_step

    def next_batch(self) -> torch.Tensor:
        """The training samples that the coming step sees, by their numbers."""
        cursor, size = self.cursor, self.settings.batch_size if self.carries else 0
        if self._order[0] != (cursor.epoch, size):
            if size:
                order = contiguous_order(self.count, size)
            else:
                order = epoch_order(self.spec.seed, cursor.epoch, self.count)
            self._order = ((cursor.epoch, size), order.to(self.device))
        return self._order[1][cursor.offset : cursor.offset + self.settings.batch_size]

    def states_for(self, rows: int) -> States:
        """What a batch of so many rows begins with: at the start of an epoch, and where the size of
        the batch has changed, it is rest."""
        if self.cursor.offset == 0 or not self.carries:
            return {}
        return {n: s for n, s in self.carried.items() if s[0].shape[-2] == rows}

    def _move_on(self, samples: int) -> None:
        cursor = self.cursor
        cursor.step += 1
        cursor.offset += samples
        if cursor.offset >= self.count:
            cursor.epoch, cursor.offset = cursor.epoch + 1, 0

    @property
    def place(self) -> Place:
        """Where the training stands, in steps of the batch size in force."""
        size = self.settings.batch_size
        each = steps_per_epoch(self.count, size)
        step = self.cursor.epoch * each + self.cursor.offset / size
        return Place(step=step, steps=self.settings.epochs * each, per_epoch=each)

    def scheduled_rate(self) -> float:
        """η for the step that comes next."""
        share = self.settings.schedule.factor(self.place, self.memory)
        return self.settings.optimizer.learning_rate * share

    def _observe(self) -> None:
        """Let a schedule that watches the validation loss see that of the epoch that has ended."""
        schedule = self.settings.schedule
        if schedule.watches and self.epoch_ended:
            each = self.evaluate()[0] / (self.summed_over or 1)
            self.memory = schedule.after(self.memory, self.place, each)

    # --- training --------------------------------------------------------------------------------

    def use_rate(self, rate: float) -> None:
        """η of the next step, whatever the settings say: until they change."""
        self._scheduled = False
        if self.updater is not None:
            self.updater.set_rate(rate)

    def step(self) -> None:
        """One batch forward and backward, one update."""
        x, targets, labels = self.coming()
        network, step = self.network, self.cursor.step
        if self.carries:
            output, after = network.resume(x, self.states_for(len(x)))
            self.carried = {name: tuple(s.detach() for s in each) for name, each in after.items()}
        else:
            output = network(x)
        loss = self.loss(output, targets)
        if self.diverged is None and self.device.type == "cpu" and not finite(loss):
            self._diagnose(step + 1, x)
        if self.updater is not None:
            for parameter in self.parameters:
                parameter.grad = None
            if loss.requires_grad:
                torch.autograd.backward(loss)
            self.update()
        self._evaluated = None
        self._move_on(x.shape[0])
        seen = loss.detach(), output.detach(), labels
        self.meter.add(step + 1, *seen, rate=self.rate, batch=self.summed_over)
        if self._scheduled:
            self._observe()

    def coming(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """(inputs, targets, labels) of the coming step; the network draws what that step draws."""
        x, targets, labels = self.data.train.batch(self.next_batch())
        step = self.cursor.step
        if self.augment is not None:
            x = self.augment(x, step)
        if self.network.stochastic:
            self.network.reseed(step)
        return x, targets, labels

    def update(self) -> None:
        """Change the parameters by the gradients they hold."""
        if self.updater is None:
            return
        if self._scheduled:
            self.updater.set_rate(self.scheduled_rate())
        self.updater.step()
        self.rate = self.updater.rate

    def augmented(self, sample: AnySample, count: int) -> torch.Tensor:
        """One sample as it would enter each of the next ``count`` steps, (count, *shape)."""
        x, step = self.data.sample(sample), self.cursor.step
        if self.augment is None:
            return x.expand(count, *x.shape[1:]).contiguous()
        return torch.cat([self.augment(x, step + i) for i in range(count)]).contiguous()

    def _diagnose(self, step: int, x: torch.Tensor) -> None:
        if self.network.stochastic:
            self.network.reseed(step - 1)
        self.diverged = Divergence(step, first_not_finite(self.network, x))

    def read_metrics(self) -> list[Point]:
        """The steps since the last call, a point each; adds them to the epoch's tally."""
        points = self.meter.read()
        for point in points:
            self.tally.add(point)
        if self.diverged is None and self.device.type != "cpu":
            late = next((p for p in points if not abs(p.loss) < float("inf")), None)
            if late is not None:
                batch = self.data.train.inputs(self.data.train.rows[:1])
                self.diverged = Divergence(late.step, first_not_finite(self.network, batch))
        return points

    def gradient_norms(self) -> dict[str, float]:
        """Norm of ∂E/∂W of every node that has a gradient, weight and bias together."""
        owners: list[str] = []
        gradients: list[torch.Tensor] = []
        for name in self.network.order:
            for parameter in self.network.node(name).parameters():
                if parameter.grad is not None:
                    owners.append(name)
                    gradients.append(parameter.grad)
        if not gradients:
            return {}
        norms = torch.stack(torch._foreach_norm(gradients)).double().square().tolist()
        sums: dict[str, float] = {}
        for name, square in zip(owners, norms, strict=True):
            sums[name] = sums.get(name, 0.0) + square
        return {name: square**0.5 for name, square in sums.items()}

    def evaluate(self) -> tuple[float, float | None]:
        """(loss, accuracy) over the whole validation set in evaluation mode; made once a step. A loss that
        sums over a batch is scaled to as many samples as one has, to be held against the training's."""
        if self._evaluated is None:
            self._evaluated = evaluate(self)
        return self._evaluated

    # --- what a snapshot holds -------------------------------------------------------------------

    def state(self) -> dict[str, torch.Tensor]:
        """Weights, buffers (``model.…``), optimiser state (``optimizer.…``), carried states
        (``carried.…``); the next step changes them."""
        found = {f"model.{name}": value for name, value in self.network.state_dict().items()}
        for name, key, value in self._optimizer_tensors():
            found[f"optimizer.{name}.{key}"] = value.detach()
        for name, states in self.carried.items():
            found |= {f"carried.{name}.{k}": state for k, state in enumerate(states)}
        return found

    def _optimizer_tensors(self) -> Iterator[tuple[str, str, torch.Tensor]]:
        if self.optimizer is None:
            return
        for name, parameter in self.network.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                if isinstance(value, torch.Tensor):
                    yield name, key, value

    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Put the tensors of :meth:`state` in place; memory formats stay as they are."""
        weights = self.network.state_dict()
        with torch.no_grad():
            for name, value in weights.items():
                value.copy_(tensors[f"model.{name}"])
        self._evaluated = None
        self._carry(tensors)
        self._renew_optimizer()
        if self.optimizer is None:
            return
        for name, parameter in self.network.named_parameters():
            start = f"optimizer.{name}."
            state = {
                full.removeprefix(start): self._like(parameter, value)
                for full, value in tensors.items()
                if full.startswith(start)
            }
            if state:
                self.optimizer.state[parameter] = state
        self._arrange()

    def _carry(self, tensors: dict[str, torch.Tensor]) -> None:
        like = next(iter(self.parameters), torch.empty(0))
        found: dict[str, list[torch.Tensor]] = {}
        for name in sorted(n for n in tensors if n.startswith("carried.")):
            state = tensors[name].to(device=self.device, dtype=like.dtype).clone()
            found.setdefault(name.split(".")[1], []).append(state)
        self.carried = {name: tuple(states) for name, states in found.items()}

    def _like(self, parameter: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Optimiser state lies in memory as its parameter does: fused kernels go through both."""
        if value.shape != parameter.shape:
            return value.to(self.device).clone()
        return torch.empty_like(parameter, requires_grad=False).copy_(value)

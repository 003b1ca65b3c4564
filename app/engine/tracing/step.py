"""One training step looked at: every node's output and sensitivity, every gradient, every update.

Made once, on a trainer that belongs to it alone; single modules are run again when they are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from app.core.errors import Invalid, TooLarge
from app.core.ids import stable_hash
from app.engine.tracing.adjoint import sensitivities
from app.engine.tracing.capture import Graph, capture, elementary
from app.engine.tracing.draws import DrawnAlike
from app.engine.trainer import Trainer
from app.nn.declared import HoldsInside
from app.protocol.refusals import SampleMisfit
from app.protocol.taps import StoredSample
from app.protocol.tracing import LOSS_NODE, Form, Precision, TracedSample
from app.spec.model import INPUT

BUDGET = 2**30
"""Bytes that a trace may take, by its own estimate."""
KEPT = 2**28
"""Bytes of inner values of opened modules that are kept; the module opened last stays in any case."""
DTYPES: Mapping[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}

State = dict[str, torch.Tensor]


@dataclass
class Opened:
    """A node's elementary operations."""

    graph: Graph
    upstream: torch.Tensor | None
    """∂E/∂(its output); null where the loss does not depend on it."""

    @cached_property
    def sensitivities(self) -> dict[int, torch.Tensor]:
        """∂E/∂(each of its values) by their numbers; made when first asked for."""
        return {} if self.upstream is None else sensitivities(self.graph, self.upstream)

    @cached_property
    def bytes(self) -> int:
        """About what the values and their sensitivities take."""
        return 2 * sum(v.tensor.nbytes for v in self.graph.values if v.origin == "operation")


@dataclass(frozen=True)
class Updated:
    """Parameters and optimiser state by parameter name, before and after; numbers of its group."""

    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]
    state: dict[str, State]
    state_after: dict[str, State]
    groups: dict[str, dict[str, Any]]
    """Of every parameter that is trained: ``lr`` and ``weight_decay`` among others."""
    used: dict[str, torch.Tensor]
    """The gradients after clipping."""


class Trace:
    """Values by node; ``sensitivity`` lacks nodes that the loss does not depend on."""

    def __init__(
        self, trainer: Trainer, precision: Precision, samples: tuple[TracedSample, ...] | None
    ) -> None:
        self.trainer = trainer
        self.precision = precision
        self.step = trainer.cursor.step
        self.batch: tuple[int, ...] | None = None
        if samples is None:
            index = trainer.next_batch()
            trainer.network.start = trainer.states_for(len(index))
            self.batch = tuple(int(i) for i in index.tolist())
            x, targets, _ = trainer.data.train.batch(index)
            if trainer.augment is not None:
                x = trainer.augment(x, self.step)
        else:
            x, targets = given(trainer, samples)
            trainer.network.start = {}
        self.count = x.shape[0]
        self._require_room()
        if precision == "float64":
            _widen(trainer)
            x = x.double()
            trainer.network.start = {
                name: tuple(one.double() for one in states)
                for name, states in trainer.network.start.items()
            }
            targets = targets.double() if targets.is_floating_point() else targets
        self.targets = targets
        self._opened: dict[str, Opened] = {}
        self._updated: Updated | None = None
        self._run(x)

    def _require_room(self) -> None:
        size = torch.empty((), dtype=DTYPES[self.precision]).element_size()
        network = self.trainer.network
        weights = sum(p.numel() for p in network.parameters())
        needed = size * (2 * (2 * network.activations + network.kept) * self.count + 8 * weights)
        self.bytes = needed
        if needed > BUDGET:
            raise TooLarge(pointer="/samples", needed=needed >> 20, limit=BUDGET >> 20, unit="MiB")

    # --- the pass --------------------------------------------------------------------------------

    def _run(self, x: torch.Tensor) -> None:
        network = self.trainer.network
        values: dict[str, torch.Tensor] = {INPUT: x.detach().requires_grad_()}
        with torch.enable_grad(), self.as_before(network):
            with self.draws(network.order):
                for name in network.order:
                    run = elementary(network.node(name))
                    made = run(*network.arguments(name, values))
                    values[name] = made.view_as(made)
                loss = self.trainer.loss(values[network.output], self.targets)
            parameters = dict(network.named_parameters())
            wanted = [*values.values(), *parameters.values()]
            asked = [t for t in wanted if t.requires_grad]
            found = torch.autograd.grad(loss, asked, allow_unused=True)
        by_tensor = {id(t): g for t, g in zip(asked, found, strict=True)}
        self.loss = loss.detach()
        self.values = {name: value.detach() for name, value in values.items()}
        self.sensitivity = {
            name: g for name, v in values.items() if (g := by_tensor.get(id(v))) is not None
        }
        self.gradients = {
            name: g for name, p in parameters.items() if (g := by_tensor.get(id(p))) is not None
        }

    @contextmanager
    def as_before(self, module: nn.Module) -> Iterator[None]:
        """Running statistics that a pass changes are put back."""
        kept = [(b, b.clone()) for b in module.buffers()]
        try:
            yield
        finally:
            for buffer, value in kept:
                buffer.copy_(value)

    @contextmanager
    def draws(self, nodes: Iterable[str]) -> Iterator[None]:
        """The random draws of this step for these nodes, alike in both precisions."""
        network = self.trainer.network
        for name in nodes:
            module = network.node(name)
            if hasattr(module, "reseed"):
                module.reseed(stable_hash(network.seed, self.step, name))  # type: ignore[operator]
        if network.stochastic:
            with DrawnAlike():  # type: ignore[no-untyped-call]
                yield
        else:
            yield

    def times(self, form: Form) -> float:
        """What the batch mean is multiplied with, where numbers are asked for in that form."""
        if form == "mean":
            return 1.0
        outputs = self.values[self.trainer.network.output][0].numel()
        answers = int((self.targets >= 0).sum()) if self.trainer.per_step else self.count
        return self.trainer.spec.training.phase.loss.summed(answers, outputs)

    # --- a node opened ---------------------------------------------------------------------------

    def open(self, node: str) -> Opened:
        """The elementary operations of a node, or of the loss."""
        found = self._opened.pop(node, None) or self._open(node)
        room = KEPT - found.bytes
        for other in reversed(list(self._opened)):  # those opened last stay longest
            room -= self._opened[other].bytes
            if room < 0:
                del self._opened[other]
        self._opened[node] = found
        return found

    def _open(self, node: str) -> Opened:
        network = self.trainer.network
        if node == LOSS_NODE:
            graph = capture(self.trainer.loss, [self.values[network.output], self.targets])
            return Opened(graph, torch.ones_like(self.loss))
        module = network.node(node)
        inputs = network.arguments(node, self.values)
        with self.as_before(module), self.draws((node,)):
            graph = capture(module, inputs)
        return Opened(graph, self.sensitivity.get(node))

    def derivative(self, node: str) -> torch.Tensor:
        """φ′(u) of a node that works cell by cell, with this step's draws."""
        network = self.trainer.network
        module, (source,) = network.node(node), network.sources[node]
        with torch.enable_grad(), self.as_before(module), self.draws((node,)):
            u = self.values[source].detach().clone().requires_grad_()
            (found,) = torch.autograd.grad(module(u).sum(), u)
        return found

    def inside(self, node: str) -> dict[str, torch.Tensor]:
        """What the node's layer holds inside, for its picture, with this step's draws."""
        network = self.trainer.network
        module, source = network.node(node), self.values[network.sources[node][0]]
        if not isinstance(module, HoldsInside):
            return {}
        with torch.no_grad(), self.as_before(module), self.draws((node,)):
            return module.inside(source, self.sensitivity.get(node))

    # --- the update ------------------------------------------------------------------------------

    def updated(self) -> Updated:
        """The optimiser's step, made by PyTorch on this trace's own weights and then taken back."""
        if self._updated is None:
            self._updated = self._update()
        return self._updated

    @torch.no_grad()
    def _update(self) -> Updated:
        trainer = self.trainer
        named = dict(trainer.network.named_parameters())
        before = {name: p.detach().clone() for name, p in named.items()}
        state = self._states(named)
        for name, parameter in named.items():
            parameter.grad = self.gradients.get(name)
        trainer.update()
        after = {name: p.detach().clone() for name, p in named.items()}
        state_after = self._states(named)
        for name, parameter in named.items():
            parameter.copy_(before[name])
            parameter.grad = None
        used = self._clipped(named)
        return Updated(before, after, state, state_after, self._groups(named), used)

    def _clipped(self, named: Mapping[str, nn.Parameter]) -> dict[str, torch.Tensor]:
        """Gradients by parameter name as the rule gets them; those of frozen parameters are left out."""
        updater = self.trainer.updater
        if updater is None:
            return {}
        names = {id(parameter): name for name, parameter in named.items()}
        trained = [names[id(parameter)] for parameter in updater.parameters]
        held = [name for name in trained if name in self.gradients]
        given = [updater.trained(named[name], self.gradients[name]) for name in held]
        found = updater.clipped(given)
        return dict(zip(held, found, strict=True))

    def _states(self, named: Mapping[str, nn.Parameter]) -> dict[str, State]:
        optimizer = self.trainer.optimizer
        if optimizer is None:
            return {}
        return {
            name: {
                key: value.detach().clone()
                for key, value in optimizer.state.get(parameter, {}).items()
                if isinstance(value, torch.Tensor)
            }
            for name, parameter in named.items()
        }

    def _groups(self, named: Mapping[str, nn.Parameter]) -> dict[str, dict[str, Any]]:
        if self.trainer.optimizer is None:
            return {}
        names = {id(parameter): name for name, parameter in named.items()}
        return {
            names[id(parameter)]: {k: v for k, v in group.items() if k != "params"}
            for group in self.trainer.optimizer.param_groups
            for parameter in group["params"]
        }


def _widen(trainer: Trainer) -> None:
    """Weights and optimiser state in double precision; the objects stay the same."""
    state = trainer.state()
    trainer.network.double()
    trainer.load(state)


def given(trainer: Trainer, samples: tuple[TracedSample, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets of chosen samples; a drawn one takes the target of its class."""
    data = trainer.data
    inputs, targets = [], []
    for place, sample in enumerate(samples):
        try:
            inputs.append(data.sample(sample))
        except Invalid as error:
            raise type(error)(pointer=f"/samples/{place}", **error.params) from None
        targets.append(_target(trainer, sample, place))
    return torch.cat(inputs), torch.cat(targets)


def _target(trainer: Trainer, sample: TracedSample, place: int) -> torch.Tensor:
    train = trainer.data.train
    if isinstance(sample, StoredSample):
        split = train if sample.split == "train" else trainer.data.val
        return split.wanted(sample.index, 1)
    if train.targets is None:  # the input itself
        return trainer.data.sample(sample)
    if trainer.per_step:
        return _followed(trainer, sample, place)
    if train.labels is not None and sample.label is not None:
        found = (train.labels == sample.label).nonzero().reshape(-1)
        if found.numel():
            return train.targets[found[:1]]
    raise SampleMisfit(
        pointer=f"/samples/{place}/label",
        reason="a drawn sample needs a “label” that the training data have",
        reason_zh="手绘样本须给出训练数据中存在的“label”",
    )


def _followed(trainer: Trainer, sample: TracedSample, place: int) -> torch.Tensor:
    """The token that follows at every step of a text that is not in the data; after the last, none."""
    if not trainer.spec.training.dataset.NEXT:
        raise SampleMisfit(
            pointer=f"/samples/{place}",
            reason="what is right at each step of it is not known: take a sample of the data",
            reason_zh="其各时刻的正确类别未知：请选用数据中的样本",
        )
    ids = trainer.data.sample(sample).long()
    targets = torch.cat([ids[:, 1:], torch.zeros_like(ids[:, :1])], 1)
    return targets.masked_fill(targets == 0, -1)

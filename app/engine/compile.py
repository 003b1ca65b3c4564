"""ModelSpec → Network: modules in topological order, weights drawn from the run's seed alone.

Shapes come from the spec's closed forms; nothing here knows a single kind of layer, except for the
faster way through ReLU and max pooling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from app.catalog.layers import Layer, fitted
from app.core.ids import stable_hash
from app.core.shapes import Shape, Steps, Tokens, channel_axis, channels_of
from app.nn.block_max import BlockMax
from app.nn.masks import lengths_of
from app.spec.check import require
from app.spec.gains import gains
from app.spec.model import INPUT
from app.spec.run import RunSpec
from app.spec.sequences import sample_shape
from app.spec.units import Marked, Marks

States = Mapping[str, tuple[torch.Tensor, ...]]
"""What recurrent nodes remember, by name."""


class Network(nn.Module):
    """A compiled graph. Children are named by node id; ``forward`` takes and gives a batch."""

    def __init__(self, spec: RunSpec) -> None:
        super().__init__()
        report = require(spec.model, spec.training)
        nodes = {node.id: node for node in spec.model.nodes}
        self.seed = spec.seed
        self._spec = spec
        self.order: tuple[str, ...] = report.order
        self.sources: dict[str, tuple[str, ...]] = {name: nodes[name].inputs for name in self.order}
        self.shapes: dict[str, Shape] = {INPUT: sample_shape(spec.training.dataset)}
        self.layers: dict[str, Layer] = {name: nodes[name].layer for name in self.order}
        self.output = spec.model.outputs[0]
        self.activations = report.totals.activations
        self.kept = report.totals.kept
        behind = gains(spec.model)
        for name in self.order:
            # Not add_module: an identifier such as "train" is a fine name for a node.
            self._modules[name] = self._build(name, behind[name])
        self.masked = frozenset(name for name in self.order if self._ends_early(name))
        self.start: States = {}
        """The states that recurrent nodes of a looked-at pass begin with; of others, rest."""
        self._needed = needed(self.output, self.sources)
        self._chain: list[nn.Module] | None = None
        self._silencers: list[RemovableHandle] = []
        self._all = list(self.modules())
        self._random = [(n, m) for n, m in self.named_children() if hasattr(m, "reseed")]

    def _build(self, name: str, gain: float) -> nn.Module:
        layer = self.layers[name]
        inputs = tuple(self.shapes[source] for source in self.sources[name])
        self.shapes[name] = fitted(layer, inputs)
        module = layer.build(inputs)
        generator = torch.Generator().manual_seed(stable_hash(self.seed, "init", name))
        layer.initialize(module, generator, gain)
        return module

    def _ends_early(self, name: str) -> bool:
        """Whether a node is told where each sequence ends: samples are tokens, and it reads what has
        their steps still."""
        tokens, read = self.shapes[INPUT], self.shapes[self.sources[name][0]]
        sequences = isinstance(tokens, Tokens) and isinstance(read, Steps)
        return self.layers[name].MASKED and sequences and read[0] == tokens[0]

    def arguments(self, name: str, values: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        """What the module of a node is called with, given the outputs of the nodes before it."""
        found = [values[source] for source in self.sources[name]]
        if name not in self.masked:
            return found
        return [*found, lengths_of(values[INPUT]), *self.start.get(name, ())]

    def mode(self, *, training: bool) -> None:
        """What ``train()`` and ``eval()`` do, in a tenth of the time: a probe does it twice."""
        for module in self._all:
            module.__dict__["training"] = training

    @property
    def stochastic(self) -> bool:
        """Whether a training step draws random numbers."""
        return bool(self._random)

    def node(self, name: str) -> nn.Module:
        """The module of a node."""
        module = self._modules[name]
        assert module is not None
        return module

    def reseed(self, step: int) -> None:
        """Make the draws of the coming forward pass those of ``step``, node by node."""
        for name, module in self._random:
            module.reseed(stable_hash(self.seed, step, name))  # type: ignore[operator]

    def set_layer(self, name: str, layer: Layer, changed: Mapping[str, Any]) -> None:
        """Give a node other numbers: its module has an attribute for each field that may change."""
        self.layers[name] = layer
        for field, value in changed.items():
            setattr(self.node(name), field, value)

    def unit_axis(self, name: str) -> int:
        """The axis of a node's output that counts its units: 1 where the first is time."""
        return channel_axis(self.shapes[name])

    def unit_count(self, name: str) -> int:
        """Units, or maps, of a node's output."""
        return channels_of(self.shapes[name])

    def silence(self, silenced: Marks) -> None:
        """Make the outputs of these units 0 and no others'; nothing is left behind where none are.

        Nobody hears them: of a recurrent node neither does its own next step.
        """
        for handle in self._silencers:
            handle.remove()
        for name in self.order:
            self.node(name).__dict__.pop("silent", None)
        self._silencers = []
        for name, marks in silenced.items():
            node: Any = self.node(name)
            mask = torch.zeros(self.unit_count(name), dtype=torch.bool)
            mask[list(marks.all_of(len(mask)))] = True
            if hasattr(node, "silent"):
                node.silent = mask.to(next(node.parameters()).device)
            hook = silencer(mask, self.unit_axis(name))
            self._silencers.append(node.register_forward_hook(hook))

    def rows(self, name: str, marks: Marked) -> dict[str, tuple[int, tuple[int, ...]]]:
        """(axis, places) of the parameters of a node that belong to its marked units alone; all of
        those that belong to no unit, where the whole node is marked."""
        layer = self.layers[name]
        inputs = tuple(self.shapes[source] for source in self.sources[name])
        found: dict[str, tuple[int, tuple[int, ...]]] = {}
        for unit in marks.all_of(self.unit_count(name)):
            for tensor, rows in layer.rows(unit, inputs).items():
                before = found.get(tensor, (rows.axis, ()))[1]
                found[tensor] = (rows.axis, (*before, *rows.places))
        if marks.whole:
            for one in layer.parameters(inputs):
                found.setdefault(one.name, (0, tuple(range(one.shape[0]))))
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Output of the output node for a batch (N, *input shape)."""
        if self._chain is not None and not self._silencers:
            for module in self._chain:
                x = module(x)
            return x
        return self._run(x, self._needed)[self.output]

    def forward_all(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """The output of every node by name, the input included."""
        return self._run(x, self.order)

    def _run(self, x: torch.Tensor, names: tuple[str, ...]) -> dict[str, torch.Tensor]:
        values = {INPUT: x}
        for name in names:
            values[name] = self.node(name)(*self.arguments(name, values))
        return values

    def resume(self, x: torch.Tensor, states: States) -> tuple[torch.Tensor, States]:
        """The output for a batch whose sequences go on from ``states``, and those after their last
        step. Nodes without an entry begin at rest."""
        values, after = {INPUT: x}, {}
        for name in self._needed:
            module: Any = self.node(name)
            given = [values[source] for source in self.sources[name]]
            if hasattr(module, "resume"):
                start = states.get(name) or module.rest(given[0])
                made, after[name] = module.resume(given[0], start)
                for hook in module._forward_hooks.values():  # those that silence
                    made = hook(module, tuple(given), made)
            else:
                made = module(*given)
            values[name] = made
        return values[self.output], after

    def hurry(self) -> None:
        """Find a faster way through a plain chain on the CPU. It changes no bit, forward or backward.

        max(relu(x)) = relu(max(x)), and the winner of a block is the same wherever it is positive,
        while elsewhere nothing flows back: pooling first leaves a quarter of the values to ReLU.
        """
        if self.masked:
            return
        previous = INPUT
        for name in self._needed:
            if self.sources[name] != (previous,):
                return
            previous = name
        modules = [self._quick(name) for name in self._needed]
        for i in range(len(modules) - 1):
            if type(modules[i]) is nn.ReLU and isinstance(modules[i + 1], nn.MaxPool2d | BlockMax):
                modules[i], modules[i + 1] = modules[i + 1], modules[i]
        self._chain = modules

    def _quick(self, name: str) -> nn.Module:
        module, shape = self.node(name), self.shapes[self.sources[name][0]]
        if len(shape) == 3 and BlockMax.replaces(module, shape[1], shape[2]):
            return BlockMax()
        return module


def silencer(mask: torch.Tensor, axis: int) -> Callable[..., torch.Tensor]:
    """A forward hook: the output of samples whose ``axis`` counts units, with those of the mask 0,
    whatever they were. One whose units are all silent may be of any size."""
    if bool(mask.all()):
        mask = mask[:1]

    def silence(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        shape = [1] * output.dim()
        shape[1 + axis] = len(mask)
        return output.masked_fill(mask.to(output.device).view(shape), 0.0)

    return silence


def needed(output: str, sources: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The nodes that the output depends on, in the order of ``sources``."""
    wanted = {output}
    for name in reversed(list(sources)):
        if name in wanted:
            wanted.update(sources[name])
    return tuple(name for name in sources if name in wanted)


def compile_network(spec: RunSpec, device: torch.device) -> Network:
    """The network of a run on its device, pictures and kernels in channels_last."""
    network = Network(spec)
    if device.type == "cpu":
        network.hurry()
    if len(network.shapes[INPUT]) == 3:
        return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    return network.to(device)

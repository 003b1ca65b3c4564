"""How healthy every layer's derivatives are at one step. The measures are defined by LayerHealth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from app.catalog.layers._activation import FLAT, Activation
from app.engine.tracing.step import Trace
from app.engine.trainer import Trainer
from app.spec.units import NONE


@dataclass
class Reading:
    """The measures of one step by node; a node that is absent has none."""

    sensitivity: dict[str, float] = field(default_factory=dict)
    gradient: dict[str, float] = field(default_factory=dict)
    update: dict[str, float] = field(default_factory=dict)
    dead: dict[str, float] = field(default_factory=dict)
    saturated: dict[str, float] = field(default_factory=dict)


@torch.no_grad()
def read(trainer: Trainer) -> Reading:
    """Look at the step that comes next; the trainer is used up by it."""
    trace = Trace(trainer, "float32", None)
    found = Reading(
        sensitivity={node: _norm([value]) for node, value in trace.sensitivity.items()},
        gradient=_gradients(trace),
        update=_updates(trace),
    )
    for node in trainer.network.order:
        layer = trainer.network.layers[node]
        if isinstance(layer, Activation) and layer.POINTWISE:
            _slopes(trace, node, layer, found)
    return found


def _norm(tensors: Iterable[torch.Tensor]) -> float:
    norms = [torch.linalg.vector_norm(t.detach(), dtype=torch.float64) for t in tensors]
    return float(torch.stack(norms).square().sum().sqrt())


def _by_node(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition(".")[0], []).append(name)
    return found


def _gradients(trace: Trace) -> dict[str, float]:
    groups = _by_node(trace.gradients)
    return {node: _norm(trace.gradients[n] for n in names) for node, names in groups.items()}


def _updates(trace: Trace) -> dict[str, float]:
    updated = trace.updated()
    found = {}
    for node, names in _by_node(updated.used).items():
        size = _norm(updated.before[n] for n in names)
        change = _norm(updated.after[n].double() - updated.before[n].double() for n in names)
        if size > 0.0:
            found[node] = change / size
    return found


def _slopes(trace: Trace, node: str, layer: Activation, found: Reading) -> None:
    """φ′ at every cell of the batch, from PyTorch."""
    ends = layer.ends()
    if ends is None or not (ends.dies or ends.flat):
        return
    network = trace.trainer.network
    slope = trace.derivative(node)
    if ends.dies:
        alive = slope.ne(0.0).movedim(1 + network.unit_axis(node), 0).flatten(1).any(1)
        marks = trace.trainer.settings.silenced.get(node, NONE)
        heard = [unit for unit in range(len(alive)) if not marks.has(unit)]
        if heard:  # what is silenced by hand is not dead
            found.dead[node] = 1.0 - float(alive[heard].double().mean())
    else:
        found.saturated[node] = float(slope.abs().lt(FLAT * ends.steepest).double().mean())

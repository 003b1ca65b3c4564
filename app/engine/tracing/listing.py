"""The ordered operations of one step, with a sentence for each, and its tensors as one file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import torch

from app.core.errors import TooLarge
from app.core.shapes import show
from app.core.text import Text, text
from app.engine.snapshots import serialise
from app.engine.tracing import words
from app.engine.tracing.formulas import figure
from app.engine.tracing.step import Trace
from app.protocol.refusals import NoSuchCell
from app.protocol.tracing import LOSS_NODE, TRACE_ROLES, Operations, OperationStep, TraceWanted
from app.spec.units import Marked

MOST_NAMED = 64
MOST_INSIDE = 2_000_000
"""Values of a node beyond which it is not opened only to be listed."""
LARGEST_FILE = 256 * 2**20


def operations(trace: Trace, branch: int) -> Operations:
    """Forward through every layer, the loss, backward in turn, the update of every parameter."""
    steps = [*_forward(trace), _loss(trace), *_backward(trace), *_updates(trace)]
    numbered = [step.model_copy(update={"number": k}) for k, step in enumerate(steps)]
    return Operations(
        step=trace.step,
        branch=branch,
        samples=trace.count,
        batch=trace.batch,
        operations=tuple(numbered),
    )


def _forward(trace: Trace) -> Iterator[OperationStep]:
    network = trace.trainer.network
    for name in network.order:
        layer, shape = network.layers[name], network.shapes[name]
        inner = []
        inputs = tuple(network.shapes[source] for source in network.sources[name])
        if layer.kept(inputs) * trace.count <= MOST_INSIDE:
            inner = [f"{op.name}" for op in trace.open(name).graph.operations]
        yield OperationStep(
            number=0,
            phase="forward",
            node=name,
            role="activation",
            shape=shape,
            caption=_joined(
                words.FORWARD.format(node=name, title=layer.TITLE, shape=show(shape)),
                _marked(
                    trace.trainer.settings.silenced.get(name),
                    network.unit_count(name),
                    words.SILENCED,
                ),
            ),
            formula=layer.FORMULA.forward if layer.FORMULA else "",
            inside=tuple(inner),
        )


def _marked(marks: Marked | None, count: int, said: Text) -> Text | None:
    """Which units of a layer are marked, in a sentence."""
    if marks is None:
        return None
    if said is words.SILENCED and len(marks.all_of(count)) == count:
        return words.SILENCED_WHOLE
    return said.format(units=", ".join(map(str, marks.all_of(count)[:MOST_NAMED])))


def _joined(caption: Text, more: Text | None) -> Text:
    return caption if more is None else text(caption.en + more.en, caption.zh + more.zh)


def _loss(trace: Trace) -> OperationStep:
    loss = trace.trainer.spec.training.phase.loss
    value = figure(float(trace.loss))
    inner = [op.name for op in trace.open(LOSS_NODE).graph.operations]
    return OperationStep(
        number=0,
        phase="loss",
        node=LOSS_NODE,
        role="loss",
        shape=(),
        caption=words.LOSS_CAPTION.format(title=loss.TITLE, value=value),
        formula=loss.FORMULA.forward if loss.FORMULA else "",
        inside=tuple(inner),
    )


def _backward(trace: Trace) -> Iterator[OperationStep]:
    network, loss = trace.trainer.network, trace.trainer.spec.training.phase.loss
    yield OperationStep(
        number=0,
        phase="backward",
        node=LOSS_NODE,
        role="sensitivity",
        shape=network.shapes[network.output],
        caption=words.BACKWARD_LOSS.format(inputs=network.output),
        formula=loss.FORMULA.backward if loss.FORMULA else "",
    )
    for name in reversed(network.order):
        if name not in trace.sensitivity:
            continue
        layer = network.layers[name]
        inputs = ", ".join(network.sources[name])
        caption = words.BACKWARD.format(node=name, title=layer.TITLE, inputs=inputs)
        held = [key for key in trace.gradients if key.partition(".")[0] == name]
        if held:
            caption = _joined(caption, words.GRADIENTS.format(tensors=", ".join(held)))
        yield OperationStep(
            number=0,
            phase="backward",
            node=name,
            role="sensitivity",
            shape=network.shapes[name],
            caption=caption,
            formula=layer.FORMULA.backward if layer.FORMULA else "",
        )


def _updates(trace: Trace) -> Iterator[OperationStep]:
    settings = trace.trainer.settings
    optimizer = settings.optimizer
    updated = trace.updated()
    for full, value in updated.before.items():
        if full not in trace.gradients:
            continue
        node, _, tensor = full.partition(".")
        caption: Text = words.UPDATED.format(name=full, title=optimizer.TITLE)
        if full not in updated.groups:
            caption = words.FROZEN.format(name=full)
        elif node in settings.frozen:
            count = trace.trainer.network.unit_count(node)
            caption = _joined(caption, _marked(settings.frozen[node], count, words.HELD))
        yield OperationStep(
            number=0,
            phase="update",
            node=node,
            tensor=tensor,
            role="update",
            shape=tuple(value.shape),
            caption=caption,
            formula=optimizer.FORMULA.forward if optimizer.FORMULA else "",
        )


def tensors(trace: Trace, wanted: TraceWanted) -> dict[str, torch.Tensor]:
    """The chosen roles and nodes by name: ``conv1.activation``, ``conv1.weight.gradient``, …"""
    roles = wanted.roles or TRACE_ROLES
    found = _cells(trace, wanted, roles)
    if "activation" in roles:
        found["loss"] = trace.loss
    if "gradient" in roles:
        found |= {f"{name}.gradient": v for name, v in trace.gradients.items()}
    if {"parameter", "update", "state"} & set(roles):
        found |= _updated(trace, set(roles))
    if wanted.nodes is not None:
        found = {k: v for k, v in found.items() if k.partition(".")[0] in wanted.nodes}
    return found


def _cells(trace: Trace, wanted: TraceWanted, roles: Collection[str]) -> dict[str, torch.Tensor]:
    """What every sample has of its own."""
    found: dict[str, torch.Tensor] = {}
    if "activation" in roles:
        found |= {f"{name}.activation": v for name, v in trace.values.items()}
    if "sensitivity" in roles:
        found |= {f"{name}.sensitivity": v for name, v in trace.sensitivity.items()}
    if "derivative" in roles:
        network = trace.trainer.network
        for name in network.order:
            asked = wanted.nodes is None or name in wanted.nodes
            if asked and network.layers[name].POINTWISE and len(network.sources[name]) == 1:
                found[f"{name}.derivative"] = trace.derivative(name)
    if "inside" in roles:
        for name in trace.trainer.network.order:
            if wanted.nodes is None or name in wanted.nodes:
                held = trace.inside(name)
                found |= {f"{name}.{key}.inside": value for key, value in held.items()}
    if wanted.sample is None:
        return found
    if wanted.sample >= trace.count:
        why = f"the batch has {trace.count} samples", f"该批次有 {trace.count} 个样本"
        raise NoSuchCell(pointer="/sample", why=text(*why))
    at = slice(wanted.sample, wanted.sample + 1)
    return {name: value[at] for name, value in found.items()}


def _updated(trace: Trace, roles: set[str]) -> dict[str, torch.Tensor]:
    updated = trace.updated()
    found: dict[str, torch.Tensor] = {}
    if "parameter" in roles:
        found |= {f"{name}.parameter": v for name, v in updated.before.items()}
    if "update" in roles:
        found |= {f"{name}.update": v for name, v in updated.after.items()}
    if "state" in roles:
        for name, state in updated.state.items():
            found |= {f"{name}.{key}.state": v for key, v in state.items()}
    return found


def frame(trace: Trace, wanted: TraceWanted, facts: dict[str, str]) -> bytes:
    """A safetensors file; raises TooLarge before anything is copied."""
    found = tensors(trace, wanted)
    needed = sum(t.numel() * t.element_size() for t in found.values())
    if needed > LARGEST_FILE:
        raise TooLarge(pointer="/nodes", needed=needed >> 20, limit=LARGEST_FILE >> 20, unit="MiB")
    return b"".join(serialise(found, facts))

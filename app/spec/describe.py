"""The figures of an examined network: of every node, and their sums. Decides nothing."""

from __future__ import annotations

from app.catalog.layers import count
from app.core.shapes import Steps, size
from app.spec import budget
from app.spec.examine import Examination
from app.spec.gains import gains
from app.spec.model import INPUT
from app.spec.report import NodeReport, Totals


def nodes(found: Examination) -> tuple[NodeReport, ...]:
    """One report a node, in the model's order, without problems."""
    behind = gains(found.model)
    return tuple(
        _node(found, place, behind[node.id]) for place, node in enumerate(found.model.nodes)
    )


def _node(found: Examination, place: int, gain: float) -> NodeReport:
    """What is known of one node; of a second of its name, or on a loop, that is little."""
    node = found.model.nodes[place]
    own = found.graph.index.get(node.id) == place
    inputs = tuple(found.shapes.get(source) for source in node.inputs) if own else ()
    shape = found.shapes.get(node.id) if own else None
    known = tuple(one for one in inputs if one is not None)
    if shape is None:
        return NodeReport(id=node.id, type=node.layer.kind(), inputs=inputs, shape=None)
    parameters = node.layer.parameters(known)
    own_count, kept = count(node.layer, known), node.layer.kept(known)
    return NodeReport(
        id=node.id,
        type=node.layer.kind(),
        inputs=inputs,
        shape=shape,
        time_first=isinstance(shape, Steps),
        parameters=parameters,
        count=own_count,
        arithmetic=node.layer.arithmetic(known),
        macs=node.layer.macs(known),
        activations=size(shape),
        kept=kept,
        memory=budget.memory(own_count, size(shape), kept, found.training),
        place=node.layer.place(known, gain),
    )


def totals(nodes: tuple[NodeReport, ...], found: Examination) -> Totals:
    """Sums over the network, its input among the activations."""
    parameters = sum(node.count for node in nodes)
    own = size(found.shapes[INPUT]) if INPUT in found.shapes else 0
    activations = sum(node.activations for node in nodes) + own
    kept = sum(node.kept for node in nodes)
    memory = budget.memory(parameters, activations, kept, found.training)
    return Totals(
        parameters=parameters,
        macs=sum(node.macs for node in nodes),
        activations=activations,
        kept=kept,
        memory=memory,
        memory_bytes=memory.total,
        fixed_bytes=memory.total - memory.activations,
        sample_bytes=budget.sample_bytes(activations, kept),
        limit_bytes=budget.MAX_STEP_BYTES,
    )

"""Which nodes give sequences (steps, features): their first axis is time, and counts no units."""

from __future__ import annotations

from app.spec.model import INPUT, ModelSpec


def time_first(model: ModelSpec, name: str) -> bool:
    """Whether a node's output is (steps, units): its layer says so, or the one that it passes on."""
    nodes = {node.id: node for node in model.nodes}
    for _ in nodes:
        node = nodes.get(name)
        if node is None or name == INPUT:
            return False
        if node.layer.TIME_FIRST:
            return True
        if not node.layer.POINTWISE or not node.inputs:
            return False
        name = node.inputs[0]
    return False

"""Which nodes give sequences (steps, features): their first axis is time, and counts no units."""

from __future__ import annotations

from app.catalog.datasets import Dataset
from app.spec.model import INPUT, ModelSpec


def time_first(model: ModelSpec, dataset: Dataset, name: str) -> bool:
    """Whether a node's output is (steps, units): its layer says so, or what it passes on is."""
    nodes = {node.id: node for node in model.nodes}
    for _ in range(len(nodes) + 1):
        if name == INPUT:
            return dataset.KIND == "sequence"
        node = nodes.get(name)
        if node is None:
            return False
        if node.layer.TIME_FIRST:
            return True
        if not node.layer.POINTWISE or not node.inputs:
            return False
        name = node.inputs[0]
    return False

"""Where the backward half of a bidirectional layer has read next to nothing: at the last step."""

from __future__ import annotations

from app.catalog.layers import REGULARISATION
from app.spec.model import ModelSpec


def reads_back(model: ModelSpec, name: str) -> str | None:
    """The layer that reads both ways and whose values at a step are still those of that step at node
    ``name``; null where something walks or slides through time in between."""
    nodes = {node.id: node for node in model.nodes}
    waiting, seen = [name], set[str]()
    while waiting:
        node = nodes.get(waiting.pop())
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        if getattr(node.layer, "bidirectional", False):
            return node.id
        if not node.layer.REMEMBERS and (node.layer.BY_STEP or node.layer.GROUP == REGULARISATION):
            waiting += node.inputs
    return None

"""Changes of a spec as RFC 6902 operations on ``{"model": …, "training": …}``. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.catalog.layers import LAYERS
from app.core.errors import Repair
from app.core.text import text
from app.spec.model import INPUT, ModelSpec

Operation = dict[str, Any]
Patch = tuple[Operation, ...]
Candidates = Iterator[Repair]


def free_names(model: ModelSpec, *kinds: str) -> list[str]:
    """Identifiers for new layers of these kinds that no node has: ``fc3``."""
    taken = {INPUT, *(node.id for node in model.nodes)}
    found = []
    for kind in kinds:
        prefix = LAYERS.parts[kind].ID_PREFIX
        name = next(n for i in range(1, len(taken) + 2) if (n := f"{prefix}{i}") not in taken)
        taken.add(name)
        found.append(name)
    return found


def node(name: str, layer: dict[str, Any], *inputs: str) -> dict[str, Any]:
    return {"id": name, "layer": layer, "inputs": list(inputs)}


def put(path: str, value: Any) -> Operation:
    return {"op": "replace", "path": path, "value": value}


def set_field(index: int, field: str, value: Any) -> Operation:
    """``add``, since a field that has its default need not be in the document."""
    return {"op": "add", "path": f"/model/nodes/{index}/layer/{field}", "value": value}


def end(name: str) -> Operation:
    return put("/model/outputs/0", name)


def add_node(value: dict[str, Any]) -> Operation:
    return {"op": "add", "path": "/model/nodes/-", "value": value}


def read(index: int, inputs: list[str]) -> Operation:
    return put(f"/model/nodes/{index}/inputs", inputs)


def on_wires(model: ModelSpec, index: int, adapters: dict[int, list[dict[str, Any]]]) -> Patch:
    """New layers on wires into node ``index``: ``adapters`` holds a chain of layers by place of the input."""
    inputs = list(model.nodes[index].inputs)
    kinds = [layer["type"] for place in sorted(adapters) for layer in adapters[place]]
    names = iter(free_names(model, *kinds))
    added: list[Operation] = []
    for place in sorted(adapters):
        for layer in adapters[place]:
            name = next(names)
            added.append(node(name, layer, inputs[place]))
            inputs[place] = name
    changes = [read(index, inputs)]
    for offset, value in enumerate(added):
        changes.append({"op": "add", "path": f"/model/nodes/{index + offset}", "value": value})
    return tuple(changes)


def append(model: ModelSpec, source: str, *layers: dict[str, Any]) -> Patch:
    """New layers behind ``source``, the last of which becomes the output."""
    operations: list[Operation] = []
    for name, layer in zip(
        free_names(model, *(one["type"] for one in layers)), layers, strict=True
    ):
        operations.append(add_node(node(name, layer, source)))
        source = name
    return (*operations, end(source))


def remove(model: ModelSpec, index: int) -> Patch:
    """Take node ``index`` out and join its followers to its first input; without one they lose a wire.

    Of two nodes of one name, followers read the first: taking out either moves no wire.
    """
    gone = model.nodes[index]
    last: Operation = {"op": "remove", "path": f"/model/nodes/{index}"}
    if sum(other.id == gone.id for other in model.nodes) > 1:
        return (last,)
    source = next((name for name in gone.inputs if name != gone.id), None)
    operations: list[Operation] = []
    for i, other in enumerate(model.nodes):
        if i != index and gone.id in other.inputs:
            joined = [source if name == gone.id else name for name in other.inputs]
            operations.append(read(i, [name for name in joined if name is not None]))
    if model.outputs[0] == gone.id:
        operations.append(end(source or INPUT))
    return (*operations, last)


def offer(en: str, zh: str, patch: Patch) -> Candidates:
    """A repair, where there is a patch."""
    if patch:
        yield Repair(text=text(en, zh), patch=patch)

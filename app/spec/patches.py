"""Repairs as RFC 6902 patches on ``{"model": …, "training": …}``. Decides nothing."""

from __future__ import annotations

from typing import Any

from app.catalog.layers import LAYERS, Fix
from app.core.errors import Repair
from app.core.text import Text, text
from app.spec.model import MOST_NODES, ModelSpec

Operation = dict[str, Any]


def free_name(model: ModelSpec, kind: str) -> str:
    """An identifier for a new layer of this kind that no node has: ``fc3``."""
    taken = {node.id for node in model.nodes}
    prefix = LAYERS.parts[kind].ID_PREFIX
    return next(name for i in range(1, len(taken) + 2) if (name := f"{prefix}{i}") not in taken)


def insert_before(model: ModelSpec, index: int, layer: dict[str, Any]) -> tuple[Operation, ...]:
    """A new layer between node ``index`` and its first input."""
    node = model.nodes[index]
    name = free_name(model, layer["type"])
    new = {"id": name, "layer": layer, "inputs": [node.inputs[0]]}
    return (
        {"op": "replace", "path": f"/model/nodes/{index}/inputs/0", "value": name},
        {"op": "add", "path": f"/model/nodes/{index}", "value": new},
    )


def append(model: ModelSpec, *layers: dict[str, Any]) -> tuple[Operation, ...]:
    """New layers after the output."""
    operations: list[Operation] = []
    previous = model.outputs[0]
    names = {node.id for node in model.nodes}
    for layer in layers:
        prefix = LAYERS.parts[layer["type"]].ID_PREFIX
        name = next(n for i in range(1, len(names) + 2) if (n := f"{prefix}{i}") not in names)
        names.add(name)
        value = {"id": name, "layer": layer, "inputs": [previous]}
        operations.append({"op": "add", "path": "/model/nodes/-", "value": value})
        previous = name
    operations.append({"op": "replace", "path": "/model/outputs/0", "value": previous})
    return tuple(operations)


def remove(model: ModelSpec, index: int) -> tuple[Operation, ...]:
    """Take node ``index`` out and join its followers to its first input."""
    gone, source = model.nodes[index].id, model.nodes[index].inputs[0]
    operations: list[Operation] = [
        {"op": "replace", "path": f"/model/nodes/{i}/inputs/{k}", "value": source}
        for i, node in enumerate(model.nodes)
        for k, name in enumerate(node.inputs)
        if name == gone and i != index
    ]
    if model.outputs[0] == gone and source != "input":
        operations.append({"op": "replace", "path": "/model/outputs/0", "value": source})
    elif model.outputs[0] == gone:
        return ()
    return (*operations, {"op": "remove", "path": f"/model/nodes/{index}"})


def repair_of(model: ModelSpec, index: int, fix: Fix) -> Repair | None:
    """A layer's own proposal as a patch; None where it cannot be carried out."""
    if fix.action == "insert" and len(model.nodes) >= MOST_NODES:
        return None
    if fix.action == "set":
        path = f"/model/nodes/{index}/layer/{fix.field}"
        patch: tuple[Operation, ...] = ({"op": "add", "path": path, "value": fix.value},)
    elif fix.action == "insert":
        patch = insert_before(model, index, {"type": fix.value})
    else:
        patch = remove(model, index)
    return Repair(text=_say(fix, model, index), patch=patch) if patch else None


def _say(fix: Fix, model: ModelSpec, index: int) -> Text:
    if fix.said is not None:
        return fix.said
    if fix.action == "insert":
        part = LAYERS.parts[fix.value].TITLE
        return text(f"Insert {part.en} before it", f"在其前插入{part.zh}")
    if fix.action == "set":
        field = type(model.nodes[index].layer).model_fields[fix.field]
        extra = field.json_schema_extra
        title = extra["x-title"] if isinstance(extra, dict) else None
        if isinstance(title, dict):
            en, zh = title["en"], title["zh"]
            return text(f"Set {en} to {fix.value}", f"将{zh}设为 {fix.value}")
    return fix.text

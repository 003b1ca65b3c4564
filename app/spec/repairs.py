"""What could remove a problem, likeliest first. Proposes; whether it works is tried out elsewhere.

Misfits of shape have a file of their own, :mod:`app.spec.adapters`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from app.catalog.layers import LAYERS, Layer, ShapeMismatch, fitted
from app.catalog.losses import LOSSES
from app.core.errors import Problem
from app.core.shapes import Shape, Steps, Tokens, size
from app.spec import adapters, remedies
from app.spec.backward import reads_back
from app.spec.examine import Examination
from app.spec.graph import after
from app.spec.model import INPUT, MOST_NODES, ModelSpec
from app.spec.patches import (
    Candidates,
    append,
    end,
    free_names,
    offer,
    put,
    read,
    remove,
    set_field,
)

MOST_SOURCES = 4


def candidates(found: Examination, problem: Problem) -> Candidates:
    """Repairs of one problem; lazily, since most are never looked at."""
    if problem.repairs:
        yield from problem.repairs
        return
    if problem.code in _WHOLE:
        yield from _WHOLE[problem.code](found)
        return
    if problem.node is not None and problem.code in _AT_NODE:
        index = int(problem.pointer.split("/")[3])
        yield from _AT_NODE[problem.code](found, index, problem)


# --- problems of the whole ----------------------------------------------------------------------


def _empty(found: Examination) -> Candidates:
    if INPUT not in found.shapes:
        return
    units, layers = _wanted(found), _simplest(found)
    patch = append(found.model, INPUT, *layers)
    if isinstance(found.shapes[INPUT], Tokens):
        say = (
            f"Start with an embedding and a dense layer of {units}",
            f"从嵌入与 {units} 个单元的全连接层开始",
        )
    else:
        say = (f"Start with a dense layer of {units}", f"从 {units} 个单元的全连接层开始")
    yield from offer(*say, patch)


def _simplest(found: Examination) -> list[dict[str, Any]]:
    """A network with nothing but what every one on these data needs."""
    units, shape = _wanted(found), found.shapes[INPUT]
    dense: dict[str, Any] = {"type": "dense", "units": units}
    if isinstance(shape, Tokens):
        if found.training.dataset.PER_STEP:
            return [{"type": "embedding"}, {"type": "dense_steps", "units": units}]
        return [{"type": "embedding"}, {"type": "mean_over_time"}, dense]
    return [dense] if len(shape) == 1 else [{"type": "flatten"}, dense]


def _unknown_output(found: Examination) -> Candidates:
    model = found.model
    read_by = {source for node in model.nodes for source in node.inputs}
    names = [name for name in reversed(found.graph.order) if name not in read_by]
    names += [name for name in reversed(found.graph.index) if name not in names]
    for name in names[:MOST_SOURCES]:
        yield from offer(f"End with {name}", f"以 {name} 结束", (end(name),))
    if len(model.nodes) < MOST_NODES and INPUT in found.shapes:
        units = _wanted(found)
        patch = append(model, INPUT, *_simplest(found))
        yield from offer(f"Add a dense layer of {units}", f"增加 {units} 个单元的全连接层", patch)


def _loss_task(found: Examination) -> Candidates:
    task = found.training.dataset.TASK
    steps = found.training.dataset.PER_STEP
    fitting = [p for p in LOSSES.parts.values() if task in p.TASKS and (p.PER_STEP or not steps)]
    usual = "cross_entropy" if task == "classification" else "squared_error"
    for part in sorted(fitting, key=lambda one: one.kind() != usual):
        patch = (put("/training/phases/0/loss", {"type": part.kind()}),)
        yield from offer(f"Use {part.TITLE.en}", f"改用{part.TITLE.zh}", patch)


def _wanted(found: Examination) -> int:
    dataset = found.training.dataset
    if found.training.phase.reconstructs:
        return size(dataset.input_shape)
    return found.training.phase.loss.output_sizes(dataset.TASK, dataset.targets)[-1]


# --- problems of one node -----------------------------------------------------------------------


def _duplicate_id(found: Examination, index: int, _: Problem) -> Candidates:
    model = found.model
    (free,) = free_names(model, model.nodes[index].layer.kind())
    patch = (put(f"/model/nodes/{index}/id", free),)
    yield from offer(f"Call it {free}", f"改名为 {free}", patch)
    yield from _take_out(model, index)


def _unknown_input(found: Examination, index: int, problem: Problem) -> Candidates:
    model = found.model
    node, place = model.nodes[index], int(problem.params["place"])
    gone = node.inputs[place]
    for source in _sources(found, index, like=gone):
        inputs = [source if name == gone else name for name in node.inputs]
        yield from offer(f"Read from {source}", f"改从 {source} 读取", (read(index, inputs),))
    kept = [name for name in node.inputs if name != gone]
    if len(kept) >= node.layer.ARITY[0]:
        yield from offer(
            f"Cut the wire from {gone}", f"断开来自 {gone} 的连线", (read(index, kept),)
        )
    yield from _take_out(model, index)


def _arity(found: Examination, index: int, _: Problem) -> Candidates:
    model = found.model
    node = model.nodes[index]
    low, high = node.layer.ARITY
    inputs = list(node.inputs)
    if len(inputs) > high:
        yield from _too_many(model, index, high)
    elif not inputs:
        for source in _sources(found, index):
            wired = [source] * 1 if low <= 1 else [source, *_others(found, index, source, low - 1)]
            if len(wired) >= low:
                names = " + ".join(wired)
                patch = (read(index, wired),)
                yield from offer(f"Read from {names}", f"从 {names} 读取", patch)
    else:
        for source in _sources(found, index):
            if source not in inputs:
                patch = (read(index, [*inputs, source]),)
                yield from offer(f"Read from {source} too", f"同时从 {source} 读取", patch)
    yield from _take_out(model, index)


def _others(found: Examination, index: int, first: str, most: int) -> list[str]:
    """Further sources for a join, of the shape of the first where there are any."""
    names = [name for name in _sources(found, index, most=MOST_NODES) if name != first]
    alike = [name for name in names if found.shapes.get(name) == found.shapes.get(first)]
    return (alike or names)[:most]


def _too_many(model: ModelSpec, index: int, high: int) -> Candidates:
    inputs = model.nodes[index].inputs
    if high == 1 and len(model.nodes) < MOST_NODES:
        for kind, en, zh in (("add", "Add", "相加"), ("concatenate", "Concatenate", "拼接")):
            (name,) = free_names(model, kind)
            value = {"id": name, "layer": {"type": kind}, "inputs": list(inputs)}
            added = {"op": "add", "path": f"/model/nodes/{index}", "value": value}
            yield from offer(
                f"Combine them with {en}", f"先用“{zh}”合并", (read(index, [name]), added)
            )
    for name in dict.fromkeys(inputs if high == 1 else ()):
        yield from offer(f"Keep only {name}", f"只保留 {name}", (read(index, [name]),))
    if high > 1:
        patch = (read(index, list(inputs[:high])),)
        yield from offer(f"Keep the first {high}", f"只保留前 {high} 个", patch)


def _cycle(found: Examination, index: int, _: Problem) -> Candidates:
    model = found.model
    node = model.nodes[index]
    behind = after(model, node.id)
    closing = [name for name in dict.fromkeys(node.inputs) if name in behind]
    kept = [name for name in node.inputs if name not in behind]
    wires = " + ".join(closing)
    if len(kept) >= node.layer.ARITY[0]:
        yield from offer(
            f"Cut the wire from {wires}", f"断开来自 {wires} 的连线", (read(index, kept),)
        )
    for source in _sources(found, index):
        inputs = [source if name in behind else name for name in node.inputs]
        yield from offer(
            f"Read from {source} instead of {wires}",
            f"不再从 {wires}，改从 {source} 读取",
            (read(index, list(dict.fromkeys(inputs)) if node.layer.ARITY[1] > 1 else inputs),),
        )
    yield from _take_out(model, index)


def _dangling(found: Examination, index: int, _: Problem) -> Candidates:
    """Into the wire behind what it reads; as the output; out."""
    model = found.model
    node = model.nodes[index]
    behind = after(model, node.id)
    for source in dict.fromkeys(node.inputs):
        for place, reader in enumerate(model.nodes):
            if source in reader.inputs and reader.id not in behind:
                inputs = [node.id if name == source else name for name in reader.inputs]
                yield from offer(
                    f"Put it between {source} and {reader.id}",
                    f"放到 {source} 与 {reader.id} 之间",
                    (read(place, inputs),),
                )
                break
    last = model.outputs[0]
    if len(node.inputs) < node.layer.ARITY[1] and last not in behind and last not in node.inputs:
        inputs = [*node.inputs, last]
        patch = (read(index, inputs), end(node.id))
        yield from offer(f"Put it behind {last}", f"放到 {last} 之后", patch)
    yield from offer(f"End with {node.id}", f"以 {node.id} 结束", (end(node.id),))
    yield from _take_out(model, index)


def _output_size(found: Examination, index: int, problem: Problem) -> Candidates:
    """Give the last dense layer the right size if only pointwise layers follow it; else add one."""
    model, units = found.model, int(problem.params["expected"][-1])
    per_step = bool(problem.params["per_step"])
    place: int | None = index
    while place is not None:
        node = model.nodes[place]
        if node.layer.kind() == ("dense_steps" if per_step else "dense"):
            say = (f"Set {node.id} to {units} units", f"将 {node.id} 的单元数设为 {units}")
            yield from offer(*say, (set_field(place, "units", units),))
            break
        if not node.layer.POINTWISE:
            break
        place = found.graph.index.get(node.inputs[0])
    if per_step:
        yield from _every_step(found, index, units)
        return
    dense = {"type": "dense", "units": units}
    shape = found.shapes[model.nodes[index].id]
    source = model.outputs[0]
    if len(shape) == 1:
        patch = append(model, source, dense)
        yield from offer(f"Add a dense layer of {units}", f"增加 {units} 个单元的全连接层", patch)
        return
    if len(shape) == 3 and shape[0] == units:
        patch = append(model, source, {"type": "global_mean_pool"})
        yield from offer("Add a global mean pool", "增加全局平均池化", patch)
    if isinstance(shape, Steps):
        kind = "mean_over_time" if reads_back(found.model, source) else "last_step"
        title = LAYERS.parts[kind].TITLE
        patch = append(model, source, {"type": kind}, dense)
        yield from offer(
            f"Add {title.en.lower()} and a dense layer of {units}",
            f"增加{title.zh}与 {units} 个单元的全连接层",
            patch,
        )
    yield from offer(
        f"Add flatten and a dense layer of {units}",
        f"增加展平与 {units} 个单元的全连接层",
        append(model, source, {"type": "flatten"}, dense),
    )
    yield from offer(
        f"Add a global mean pool and a dense layer of {units}",
        f"增加全局平均池化与 {units} 个单元的全连接层",
        append(model, source, {"type": "global_mean_pool"}, dense),
    )


def _every_step(found: Examination, index: int, units: int) -> Candidates:
    """A dense layer at every step, in place of all that follows the last one with all steps."""
    model, steps = found.model, found.shapes[INPUT][0]
    gone: list[int] = []
    place: int | None = index
    while place is not None:
        name = model.nodes[place].id
        shape = found.shapes.get(name, ())
        if isinstance(shape, Steps) and shape[0] == steps:
            break
        gone.append(place)
        place = found.graph.index.get(model.nodes[place].inputs[0])
    if place is None:
        return
    added: dict[str, Any] = {"type": "dense_steps", "units": units}
    cut = [{"op": "remove", "path": f"/model/nodes/{one}"} for one in sorted(gone, reverse=True)]
    patch = append(model, model.nodes[place].id, added)
    if not gone:
        say = (
            f"Add a dense layer of {units} at every step",
            f"增加每个时刻 {units} 个单元的全连接层",
        )
        yield from offer(*say, patch)
        return
    names = ", ".join(model.nodes[one].id for one in reversed(gone))
    yield from offer(
        f"Answer at every step: a dense layer of {units} per step in place of {names}",
        f"每个时刻都作答：以每个时刻 {units} 个单元的全连接层取代 {names}",
        (*patch, *cut),
    )


def _misfit(found: Examination, index: int, _: Problem) -> Candidates:
    node = found.model.nodes[index]
    if len(node.inputs) > 1:
        yield from adapters.joins(found, index)
    else:
        yield from adapters.single(found, index)
    yield from _take_out(found.model, index)


def _take_out(model: ModelSpec, index: int) -> Candidates:
    name = model.nodes[index].id
    yield from offer(f"Remove {name}", f"删除 {name}", remove(model, index))


def _sources(
    found: Examination, index: int, like: str = "", most: int = MOST_SOURCES
) -> Iterator[str]:
    """What node ``index`` could read without a loop: close names, then what fits it, the nearest first."""
    model = found.model
    behind = after(model, model.nodes[index].id) | found.graph.loops
    free = [name for name in found.graph.index if name not in behind]
    near = sorted(free, key=lambda name: abs(found.graph.index[name] - (index - 1)))
    unread = set(near) - {source for node in model.nodes for source in node.inputs}
    layer = model.nodes[index].layer
    fitting = [name for name in near if _takes(layer, found.shapes.get(name))]
    names = [
        *(get_close_matches(like, free, 1) if like else ()),
        *(name for name in fitting if name in unread),
        *fitting[: most - 1],
        *(name for name in near if name in unread and name in found.shapes),
        *(name for name in near if name in found.shapes),
        INPUT,
        *near,
    ]
    yield from list(dict.fromkeys(names))[:most]


def _takes(layer: Layer, shape: Shape | None) -> bool:
    """Whether a layer with one input fits this shape; of joins nothing is known."""
    if shape is None or layer.ARITY[1] > 1:
        return False
    try:
        fitted(layer, (shape,))
    except ShapeMismatch:
        return False
    return True


_WHOLE: dict[str, Callable[[Examination], Candidates]] = {
    "empty": _empty,
    "unknown_output": _unknown_output,
    "loss_task": _loss_task,
}
_AT_NODE: dict[str, Callable[[Examination, int, Problem], Candidates]] = {
    "duplicate_id": _duplicate_id,
    "unknown_input": _unknown_input,
    "arity": _arity,
    "cycle": _cycle,
    "dangling": _dangling,
    "output_size": _output_size,
    "shape_mismatch": _misfit,
    "one_value": remedies.one_value,
    "equal_start": remedies.equal_start,
    "backward_once": remedies.backward_once,
    "output_confined": remedies.output_confined,
}

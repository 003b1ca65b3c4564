"""Repairs of misfits of shape: layers on a wire that turn what arrives into what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any

from app.catalog.layers import LAYERS, Fix
from app.core.shapes import (
    Shape,
    Steps,
    Tokens,
    channels_first,
    channels_of,
    laid_out_as,
    same_layout,
    show,
    size,
)
from app.spec.backward import reads_back
from app.spec.examine import Examination
from app.spec.model import INPUT
from app.spec.patches import Candidates, offer, on_wires, put, read, remove, set_field

MOST_UNITS = 8192
Chain = list[dict[str, Any]]
MOST_SIDE = 512
"""Largest channels, height and width that a reshape takes, and filters of a convolution."""


def single(found: Examination, index: int) -> Candidates:
    """A layer with one input: its own proposals, then what turns a vector into a picture or back."""
    node = found.model.nodes[index]
    error = found.misfits[node.id]
    source = node.inputs[0]
    shape = found.shapes[source]
    if isinstance(shape, Tokens):
        yield from _embedded(found, index)
        return
    if isinstance(shape, Steps):
        yield from _over_time(found, index)
    for fix in error.fixes:
        yield from _own(found, index, fix)
    if node.layer.kind() == "reshape":
        yield from _counted(found, index, shape)
    if len(shape) == 1:
        yield from _undo(found, source)
        for wanted in _pictures(found, shape):
            layer = _reshape(wanted)
            yield from offer(
                f"Reshape to {show(wanted)} before it",
                f"在其前改变形状为 {show(wanted)}",
                on_wires(found.model, index, {0: [layer]}),
            )
    else:
        for kind in ("flatten", "global_mean_pool"):
            yield from offer(
                f"Insert {LAYERS.parts[kind].TITLE.en} before it",
                f"在其前插入{LAYERS.parts[kind].TITLE.zh}",
                on_wires(found.model, index, {0: [{"type": kind}]}),
            )
    if len(shape) == 3:
        yield from _reading(found, index)


def _embedded(found: Examination, index: int) -> Candidates:
    """Tokens become vectors; where the layer wants one vector, the mean of them, or all in a row."""
    title = LAYERS.parts["embedding"].TITLE
    layer = found.model.nodes[index].layer
    if found.training.dataset.PER_STEP and layer.kind() == "dense":
        swap = put(
            f"/model/nodes/{index}/layer",
            {**layer.model_dump(mode="json"), "type": "dense_steps"},
        )
        yield from offer(
            f"Insert {title.en} before it and answer at every step",
            f"在其前插入{title.zh}，并在每个时刻作答",
            (swap, *on_wires(found.model, index, {0: [{"type": "embedding"}]})),
        )
    for behind in ((), ("mean_over_time",), ("flatten",)):
        parts = [LAYERS.parts[kind].TITLE for kind in behind]
        en = " and ".join([title.en, *(one.en for one in parts)])
        zh = "与".join([title.zh, *(one.zh for one in parts)])
        chain: Chain = [{"type": "embedding"}, *({"type": kind} for kind in behind)]
        patch = on_wires(found.model, index, {0: chain})
        yield from offer(f"Insert {en} before it", f"在其前插入{zh}", patch)


def _over_time(found: Examination, index: int) -> Candidates:
    """One vector of all steps: the last one, which has read the others; of a layer that reads both ways
    all of them, since its way back has read one step only there."""
    model = found.model
    source = model.nodes[index].inputs[0]
    if found.training.dataset.PER_STEP:
        yield from _each_step(found, index)
    both = reads_back(found.model, source)
    kinds = ["mean_over_time", "max_over_time"] if both else ["last_step", "mean_over_time"]
    for kind in kinds:
        title = LAYERS.parts[kind].TITLE
        patch = on_wires(model, index, {0: [{"type": kind}]})
        yield from offer(f"Insert {title.en} before it", f"在其前插入{title.zh}", patch)


def _each_step(found: Examination, index: int) -> Candidates:
    """A dense layer that answers at every step instead."""
    layer = found.model.nodes[index].layer
    if layer.kind() == "dense":
        value = {**layer.model_dump(mode="json"), "type": "dense_steps"}
        patch = (put(f"/model/nodes/{index}/layer", value),)
        yield from offer("Answer at every step", "在每个时刻作答", patch)


def _counted(found: Examination, index: int, shape: Shape) -> Candidates:
    """Before a reshape: as many values as it lays out, from a dense layer."""
    layer: Any = found.model.nodes[index].layer
    units = layer.channels * layer.height * layer.width
    if units <= MOST_UNITS:
        flat: Chain = [] if len(shape) == 1 else [{"type": "flatten"}]
        yield from offer(
            f"Insert a dense layer of {units} before it",
            f"在其前插入 {units} 个单元的全连接层",
            on_wires(found.model, index, {0: [*flat, {"type": "dense", "units": units}]}),
        )


def _own(found: Examination, index: int, fix: Fix) -> Candidates:
    """What the layer itself proposes."""
    model = found.model
    layer = model.nodes[index].layer
    if fix.action == "set":
        field = type(layer).model_fields[fix.field]
        extra = field.json_schema_extra
        title: Any = extra.get("x-title") if isinstance(extra, dict) else None
        en, zh = (title["en"], title["zh"]) if title else (fix.field, fix.field)
        say = (f"Set {en} to {fix.value}", f"将{zh}设为 {fix.value}")
        if fix.said is not None:
            say = (fix.said.en, fix.said.zh)
        yield from offer(*say, (set_field(index, fix.field, fix.value),))
    elif fix.action == "insert":
        part = LAYERS.parts[fix.value].TITLE
        patch = on_wires(model, index, {0: [{"type": fix.value}]})
        yield from offer(f"Insert {part.en} before it", f"在其前插入{part.zh}", patch)


def _reading(found: Examination, index: int) -> Candidates:
    """Too small a picture: read from an earlier layer that still has a larger one."""
    source = found.model.nodes[index].inputs[0]
    own = found.shapes[source]
    for _ in range(8):
        place = found.graph.index.get(source)
        if place is None or len(found.model.nodes[place].inputs) != 1:
            return
        gone, source = source, found.model.nodes[place].inputs[0]
        shape = found.shapes.get(source, ())
        if len(shape) == 3 and min(shape[1:]) > min(own[1:]):
            yield from offer(f"Remove {gone}", f"删除 {gone}", remove(found.model, place))
            return


def _undo(found: Examination, source: str) -> Candidates:
    """Take out the layer that made a vector of a picture, looking back through layers that keep it one."""
    for _ in range(8):
        place = found.graph.index.get(source)
        if place is None or len(found.model.nodes[place].inputs) != 1:
            return
        before = found.model.nodes[place].inputs[0]
        if len(found.shapes.get(before, ())) == 3:
            yield from offer(f"Remove {source}", f"删除 {source}", remove(found.model, place))
            return
        source = before


def _pictures(found: Examination, shape: Shape) -> Iterator[Shape]:
    """Ways to lay a vector out: the shape that an earlier picture had, a square, one cell a map."""
    values = shape[0]
    earlier = [one for one in found.shapes.values() if len(one) == 3 and size(one) == values]
    side = isqrt(values)
    square = [(1, side, side)] if side * side == values else []
    spread = [(values, 1, 1), (1, 1, values)]
    for wanted in dict.fromkeys([*reversed(earlier), *square, *spread]):
        if max(wanted) <= MOST_SIDE:
            yield wanted


def _reshape(wanted: Shape) -> dict[str, Any]:
    channels, height, width = wanted
    return {"type": "reshape", "channels": channels, "height": height, "width": width}


# --- joins ----------------------------------------------------------------------------------------


def joins(found: Examination, index: int) -> Candidates:
    """A layer with several inputs: adapt those that differ to one of them, or join another way."""
    node = found.model.nodes[index]
    shapes = [found.shapes[source] for source in node.inputs]
    concatenates = node.layer.kind() == "concatenate"
    if not concatenates and len({one[1:] for one in shapes}) == 1:
        title = LAYERS.parts["concatenate"].TITLE
        swap = put(f"/model/nodes/{index}/layer", {"type": "concatenate"})
        joined = offer(f"Combine with {title.en}", f"改用“{title.zh}”汇合", (swap,))
    else:
        joined = iter(())
    common = sorted(dict.fromkeys(shapes), key=lambda one: -shapes.count(one))
    for wanted in common[:3]:
        ways: dict[int, Chain] = {}
        for place, shape in enumerate(shapes):
            target = wanted
            if concatenates and len(shape) == len(wanted):
                target = laid_out_as(wanted, (channels_of(shape), *channels_first(wanted)[1:]))
            chain = adapted(shape, target)
            if chain is None:
                break
            if chain:
                ways[place] = chain
        else:
            patch = on_wires(found.model, index, ways)
            yield from offer(*_say(node.inputs, ways, wanted), patch)
    yield from joined
    for source in dict.fromkeys(node.inputs):
        kept = [name for name in node.inputs if name != source]
        if len(kept) >= node.layer.ARITY[0]:
            say = (f"Cut the wire from {source}", f"断开来自 {source} 的连线")
            yield from offer(*say, (read(index, kept),))
    for place, source in enumerate(node.inputs):
        maker = found.graph.index.get(source, -1)
        if source != INPUT and shapes.count(shapes[place]) < len(shapes) / 2 + 1:
            yield from offer(f"Remove {source}", f"删除 {source}", remove(found.model, maker))


def _say(sources: tuple[str, ...], ways: dict[int, Chain], wanted: Shape) -> tuple[str, str]:
    names = " + ".join(dict.fromkeys(sources[place] for place in ways))
    kinds = [layer["type"] for chain in ways.values() for layer in chain]
    if len(ways) == 1 and kinds == ["conv2d"]:
        (layer,) = next(iter(ways.values()))
        if layer["padding"]:
            return (f"Pad {names} by a 1×1 convolution", f"用 1×1 卷积为 {names} 填充")
        return (
            f"1×1 convolution to {layer['filters']} maps on {names}",
            f"在 {names} 之后加 {layer['filters']} 张特征图的 1×1 卷积",
        )
    titles = [LAYERS.parts[kind].TITLE for kind in dict.fromkeys(kinds)]
    en, zh = " and ".join(one.en for one in titles), "与".join(one.zh for one in titles)
    return (f"Bring {names} to {show(wanted)}: {en}", f"将 {names} 变为 {show(wanted)}：{zh}")


def adapted(shape: Shape, wanted: Shape) -> Chain | None:
    """Layers that turn one shape into another; empty where it is that already, None where none are known."""
    if shape == wanted and same_layout(shape, wanted):
        return []
    if len(wanted) == len(shape) == 2:
        return _to_sequence(shape, wanted)
    if len(wanted) == 1:
        return _to_vector(shape, wanted[0])
    if len(wanted) != 3:
        return None
    return _to_picture(shape, wanted) if len(shape) == 3 else _laid_out(shape, wanted)


def _to_sequence(shape: Shape, wanted: Shape) -> Chain | None:
    """Between sequences: the other layout of the same steps, another number of features at each."""
    channels, steps = channels_first(shape)
    goal, goal_steps = channels_first(wanted)
    if steps != goal_steps:
        return None
    chain: Chain = [] if isinstance(shape, Steps) else [{"type": "rows"}]
    if channels != goal:
        chain.append({"type": "dense_steps", "units": goal})
    if not isinstance(wanted, Steps):
        chain.append({"type": "reshape1d", "channels": goal, "length": steps})
    return chain


def _laid_out(shape: Shape, wanted: Shape) -> Chain | None:
    """A vector or a sequence as a picture, by a dense layer where it has another number of values."""
    if max(wanted) > MOST_SIDE:
        return None
    if size(shape) == size(wanted):
        return [_reshape(wanted)]
    if len(shape) == 1 and size(wanted) <= MOST_UNITS:
        return [{"type": "dense", "units": size(wanted)}, _reshape(wanted)]
    return None


def _to_vector(shape: Shape, wanted: int) -> Chain:
    if len(shape) == 3 and shape[0] == wanted:
        return [{"type": "global_mean_pool"}]
    chain: Chain = [] if len(shape) == 1 else [{"type": "flatten"}]
    return chain if size(shape) == wanted else [*chain, {"type": "dense", "units": wanted}]


def _to_picture(shape: Shape, wanted: Shape) -> Chain | None:
    """Between pictures: pool, up-sample, or a 1×1 convolution with stride or zeros around."""
    channels, *sides = shape
    goals = list(wanted[1:])
    convolution = {"type": "conv2d", "filters": wanted[0], "kernel": 1, "stride": 1, "padding": 0}
    if sides == goals:
        return [convolution] if wanted[0] <= MOST_SIDE else None
    ratios = {side / goal for side, goal in zip(sides, goals, strict=True)}
    factor = ratios.pop()
    if not ratios and channels == wanted[0]:
        if factor in range(2, 17):
            return [{"type": "max_pool2d", "size": int(factor), "stride": int(factor)}]
        if 1 / factor in range(2, 9):
            return [{"type": "upsample", "factor": round(1 / factor)}]
    for stride in range(1, 17):
        for padding in range(16):
            reached = [(side + 2 * padding - 1) // stride + 1 for side in sides]
            if reached == goals and wanted[0] <= MOST_SIDE:
                return [{**convolution, "stride": stride, "padding": padding}]
    return None

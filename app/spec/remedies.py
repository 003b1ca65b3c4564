"""What could take away a doubt: repairs of the warnings that a spec alone makes certain.

Proposes; whether it works is tried out elsewhere.
"""

from __future__ import annotations

from app.catalog.layers import ACTIVATION, LAYERS
from app.core.errors import Problem
from app.core.shapes import Shape, Steps, channels_of, size
from app.spec.examine import Examination
from app.spec.patches import Candidates, append, offer, put, remove, set_field

BATCHES = (16, 32, 64)
_PHASE = "/training/phases/0"


def one_value(found: Examination, index: int, problem: Problem) -> Candidates:
    """Larger batches that leave no single sample over; a norm over the values of one sample; none."""
    phase, count = found.training.phase, found.training.dataset.sizes[0]
    node = found.model.nodes[index]
    if "batch" in problem.params:
        sizes = BATCHES if phase.batch_size == 1 else range(phase.batch_size + 1, 4097)
        batch = next((size for size in sizes if count % size != 1 and size <= count), None)
        if batch is not None:
            patch = ({"op": "add", "path": f"{_PHASE}/batch_size", "value": batch},)
            yield from offer(f"Use batches of {batch}", f"批量改为 {batch}", patch)
        shape = found.shapes[node.inputs[0]]
        norm = _group_norm(shape)
        if norm is not None:
            title = LAYERS.parts["group_norm"].TITLE
            patch = (put(f"/model/nodes/{index}/layer", norm),)
            yield from offer(f"Use {title.en} instead", f"改用{title.zh}", patch)
    yield from offer(f"Remove {node.id}", f"删除 {node.id}", remove(found.model, index))


def _group_norm(shape: Shape) -> dict[str, object] | None:
    """Two groups where they have more than one value each, else one; None for a single value."""
    channels = channels_of(shape)
    for groups in (2, 1):
        if channels % groups == 0 and size(shape) > groups:
            return {"type": "group_norm", "groups": groups}
    return None


def equal_start(found: Examination, index: int, _: Problem) -> Candidates:
    """The usual draw; weights fitted to what follows."""
    for kind, en, zh in (
        ("default", "Draw its weights", "随机抽取其权值"),
        ("he", "Draw its weights as He proposed", "按 He 的方法抽取其权值"),
    ):
        yield from offer(en, zh, (set_field(index, "init", {"type": kind}),))


def backward_once(found: Examination, index: int, problem: Problem) -> Candidates:
    """All steps instead of the last; one direction."""
    for kind in ("mean_over_time", "max_over_time"):
        title = LAYERS.parts[kind].TITLE
        patch = (put(f"/model/nodes/{index}/layer", {"type": kind}),)
        yield from offer(f"Use {title.en} instead", f"改用{title.zh}", patch)
    source = str(problem.params["source"])
    one_way = set_field(found.graph.index[source], "bidirectional", False)
    yield from offer(f"Let {source} read forwards only", f"让 {source} 只向前读取", (one_way,))


def output_confined(found: Examination, index: int, _: Problem) -> Candidates:
    """Without the layer; one that reaches the targets; a dense layer at the end; a loss that asks for
    what it gives."""
    model, node = found.model, found.model.nodes[index]
    if node.layer.GROUP == ACTIVATION:
        yield from offer(f"Remove {node.id}", f"删除 {node.id}", remove(model, index))
        title = LAYERS.parts["tanh"].TITLE
        tanh = put(f"/model/nodes/{index}/layer", {"type": "tanh"})
        yield from offer(f"Use {title.en} instead", f"改用{title.zh}", (tanh,))
    shape = found.output
    if shape is not None and len(shape) < 3:
        kind = "dense_steps" if isinstance(shape, Steps) else "dense"
        units = channels_of(shape)
        patch = append(model, model.outputs[0], {"type": kind, "units": units})
        say = (f"End with a dense layer of {units}", f"以 {units} 个单元的全连接层结束")
        yield from offer(*say, patch)
    if shape is not None and len(shape) == 3:
        layer = {"type": "conv2d", "filters": shape[0], "kernel": 1}
        patch = append(model, model.outputs[0], layer)
        yield from offer("End with a 1×1 convolution", "以 1×1 卷积结束", patch)
    squared = ({"op": "add", "path": f"{_PHASE}/loss", "value": {"type": "squared_error"}},)
    yield from offer("Use squared error", "改用平方误差", squared)

"""What can be built and run, but cannot learn as it is meant: warnings that a spec alone makes certain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.core.errors import Problem
from app.core.text import text
from app.spec import outputs
from app.spec.backward import reads_back
from app.spec.gains import LINEAR
from app.spec.graph import after
from app.spec.model import Node

if TYPE_CHECKING:
    from app.catalog.layers import Layer
    from app.core.shapes import Shape
    from app.spec.examine import Examination

Inputs = tuple["Shape", ...]
WARNINGS = frozenset({"one_value", "equal_start", "backward_once", "output_confined"})
"""Codes of these problems."""


def problems(found: Examination, *, sound: bool) -> Iterator[Problem]:
    """Warnings of every node whose shape is known; of the output too, where it is ``sound``."""
    for place, node in enumerate(found.model.nodes):
        if node.id in found.shapes and found.graph.index.get(node.id) == place:
            inputs = tuple(found.shapes[source] for source in node.inputs)
            yield from _one_value(found, place, node, inputs)
            yield from _equal_start(found, place, node, inputs)
            yield from _backward_once(found, place, node)
    if sound:
        yield from outputs.problems(found)


def _warning(code: str, place: int, node: Node, en: str, zh: str, **params: object) -> Problem:
    return Problem(
        code=code,
        message=text(en, zh),
        severity="warning",
        pointer=f"/model/nodes/{place}",
        node=node.id,
        params=params,
    )


def _one_value(found: Examination, place: int, node: Node, inputs: Inputs) -> Iterator[Problem]:
    """A mean and a variance of a single value: nothing is normalised by them."""
    layer, title = node.layer, node.layer.TITLE
    size, count = found.training.phase.batch_size, found.training.dataset.sizes[0]
    if layer.averaged(inputs, 1) != 1:
        return
    if layer.averaged(inputs, 2) == 1:
        yield _warning(
            "one_value",
            place,
            node,
            f"{node.id} ({title.en}) takes its mean over one value: what comes out is its bias, "
            "whatever comes in.",
            f"{node.id}（{title.zh}）只对一个值取平均：无论输入为何，输出总是它的偏置。",
        )
    elif min(size, count) == 1:
        yield _warning(
            "one_value",
            place,
            node,
            f"{node.id} ({title.en}) sees one value a channel in batches of 1: every training step uses "
            "the running statistics, as in evaluation, and they never move.",
            f"批量为 1 时，{node.id}（{title.zh}）每个通道只有一个值：每个训练步都与推理时一样使用滑动统计，"
            "而滑动统计从不更新。",
            batch=1,
        )
    elif count % size == 1:
        yield _warning(
            "one_value",
            place,
            node,
            f"The last batch of an epoch is one sample ({count} = {count // size}×{size} + 1): {node.id} "
            f"({title.en}) sees one value a channel there and uses the running statistics, as in "
            "evaluation.",
            f"每轮的最后一批只有一个样本（{count} = {count // size}×{size} + 1）：{node.id}（{title.zh}）"
            "此时每个通道只有一个值，与推理时一样使用滑动统计。",
            batch=size,
        )


def _equal_start(found: Examination, place: int, node: Node, inputs: Inputs) -> Iterator[Problem]:
    """A hidden layer of units that start alike; an output layer may well start so."""
    if node.layer.copies(inputs) < 2 or not _starts_equal(node.layer, inputs):
        return
    behind = after(found.model, node.id) - {node.id}
    if not any(one.id in behind and _has_weights(one.layer) for one in found.model.nodes):
        return
    yield _warning(
        "equal_start",
        place,
        node,
        f"All weights of {node.id} start equal: its units are copies of one another, and stay so as "
        "long as what reads them treats them alike.",
        f"{node.id} 的权值初始时全部相同：各单元互为副本，只要读取它们的层一视同仁，便始终如此。",
    )


def _has_weights(layer: Layer) -> bool:
    return "init" in type(layer).model_fields or layer.REMEMBERS


def _starts_equal(layer: Layer, inputs: Inputs) -> bool:
    init, where = getattr(layer, "init", None), layer.place(inputs, LINEAR)
    if init is None or where is None:
        return False
    return len(init.spread(where).spikes) == 1


def _backward_once(found: Examination, place: int, node: Node) -> Iterator[Problem]:
    """The last step of what reads both ways."""
    if node.layer.kind() != "last_step":
        return
    source = reads_back(found.model, node.inputs[0])
    if source is None:
        return
    yield _warning(
        "backward_once",
        place,
        node,
        f"{node.id} keeps the last step, where the backward half of {source} has read one step only.",
        f"{node.id} 只保留末时刻，而 {source} 的反向一半在末时刻只读过一个时刻。",
        source=source,
    )

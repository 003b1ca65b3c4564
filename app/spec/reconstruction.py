"""What a network must fulfil to learn its own input: an output of the input's shape, a loss of distances.

Every problem carries repairs. A network that learns labels is not looked at here.
"""

from __future__ import annotations

from typing import Any

from app.core.errors import Problem, Repair
from app.core.shapes import Shape, show, size
from app.core.text import Text, text
from app.spec import patches
from app.spec.model import INPUT, MOST_NODES, ModelSpec
from app.spec.training import TrainingSpec

MOST_UNITS = 8192
MOST_SIDE = 512
"""Bounds of the fields of a dense layer and of a reshape that a repair would set."""
_PHASE = "/training/phases/0"
Step = tuple[dict[str, Any], Text]
"""A layer to add and what it is called."""


def problems(model: ModelSpec, training: TrainingSpec, output: Shape | None) -> list[Problem]:
    """Problems of the loss and of the output; ``output`` None: its shape is not known yet."""
    if training.dataset.KIND == "text":
        return [_tokens(training)]
    found = _loss(training)
    wanted = training.dataset.input_shape
    if output is not None and output != wanted:
        found.append(_shape(model, training, output, wanted))
    return found


def _tokens(training: TrainingSpec) -> Problem:
    name = training.dataset.TITLE
    return Problem(
        code="tokens_reconstruct",
        message=text(
            f"The samples of {name.en} are ids of tokens, names and no quantities: they cannot be given "
            "back by distance.",
            f"“{name.zh}”的样本是词元编号，是名称而非数量，不能按距离重建。",
        ),
        pointer=f"{_PHASE}/target",
        repairs=(_labels(),),
    )


def _labels() -> Repair:
    patch = {"op": "add", "path": f"{_PHASE}/target", "value": "label"}
    return Repair(
        text=text("Learn the data set's targets instead", "改为学习数据集的目标"), patch=(patch,)
    )


def _loss(training: TrainingSpec) -> list[Problem]:
    loss, dataset = training.phase.loss, training.dataset
    if "reconstruction" not in loss.TASKS:
        message = text(
            f"{loss.TITLE.en} compares classes; to reconstruct its input a network needs a loss that "
            "measures a distance.",
            f"{loss.TITLE.zh}比较的是类别；要让网络重建自己的输入，损失必须度量距离。",
        )
    elif loss.READOUT == "sigmoid" and dataset.KIND != "image":
        message = text(
            f"{loss.TITLE.en} takes values between 0 and 1, as pictures have them; those of "
            f"{dataset.TITLE.en} go beyond.",
            f"{loss.TITLE.zh}要求取值在 0 与 1 之间（如图像）；“{dataset.TITLE.zh}”的值超出此范围。",
        )
    else:
        return []
    patch = {"op": "add", "path": f"{_PHASE}/loss", "value": {"type": "squared_error"}}
    squared = Repair(text=text("Use squared error", "改用平方误差"), patch=(patch,))
    return [
        Problem(
            code="loss_task",
            message=message,
            pointer=f"{_PHASE}/loss",
            params={"loss": loss.kind(), "task": "reconstruction"},
            repairs=(squared, _labels()),
        )
    ]


def _shape(model: ModelSpec, training: TrainingSpec, output: Shape, wanted: Shape) -> Problem:
    index = next(i for i, node in enumerate(model.nodes) if node.id == model.outputs[0])
    dataset = training.dataset
    return Problem(
        code="output_shape",
        message=text(
            f"The network learns to reconstruct its input, so its output must be {show(wanted)} as "
            f"{dataset.TITLE.en} is; it is {show(output)}.",
            f"网络要学会重建自己的输入，因此输出须与“{dataset.TITLE.zh}”同为 {show(wanted)}，"
            f"现在却是 {show(output)}。",
        ),
        pointer=f"/model/nodes/{index}",
        node=model.outputs[0],
        params={"expected": list(wanted), "got": list(output)},
        repairs=(*_repairs(model, output, wanted), _labels()),
    )


def _repairs(model: ModelSpec, output: Shape, wanted: Shape) -> tuple[Repair, ...]:
    """The nearest ways to the wanted shape that the catalogue's bounds allow; at most two."""
    found = [_convolved(model, output, wanted), _flat(model, output, wanted)]
    return tuple(repair for repair in found if repair is not None)


def _convolved(model: ModelSpec, output: Shape, wanted: Shape) -> Repair | None:
    """Picture to picture: repeat the cells, then mix the maps into as many as the input has."""
    if len(output) != 3 or len(wanted) != 3:
        return None
    factor, rest = divmod(wanted[1], output[1])
    if rest or factor * output[2] != wanted[2] or not 1 <= factor <= 8:
        return None
    steps: list[Step] = []
    if factor > 1:
        say = text(f"up-sampling by {factor}", f"{factor} 倍上采样")
        steps.append(({"type": "upsample", "factor": factor}, say))
    if output[0] != wanted[0]:
        conv = {"type": "conv2d", "filters": wanted[0], "kernel": 3, "padding": 1}
        maps = text("a convolution to as many maps", "卷积到相同的通道数")
        steps.append((conv, maps))
    return _append(model, steps)


def _flat(model: ModelSpec, output: Shape, wanted: Shape) -> Repair | None:
    """Through a vector with one unit a value: a dense layer, and a reshape where a picture is wanted."""
    units = size(wanted)
    if (
        len(wanted) not in (1, 3)
        or units > MOST_UNITS
        or (len(wanted) == 3 and max(wanted) > MOST_SIDE)
    ):
        return None
    fits = size(output) == units
    place = None if fits or len(output) != 1 else _last_dense(model)
    steps: list[Step] = []
    if len(output) != 1 and not (fits and len(wanted) == 3):
        steps.append(({"type": "flatten"}, text("flatten", "展平")))
    if not fits and place is None:
        dense = text(f"a dense layer of {units}", f"{units} 个单元的全连接层")
        steps.append(({"type": "dense", "units": units}, dense))
    if len(wanted) == 3:
        shape = dict(zip(("channels", "height", "width"), wanted, strict=True))
        steps.append(({"type": "reshape", **shape}, text("a reshape", "改变形状")))
    added = _append(model, steps)
    if place is None:
        return added
    node = model.nodes[place].id
    resized = {"op": "add", "path": f"/model/nodes/{place}/layer/units", "value": units}
    say = text(f"Set {node} to {units} units", f"将 {node} 的单元数设为 {units}")
    if not steps:
        return Repair(text=say, patch=(resized,))
    if added is None:
        return None
    say = text(f"{say.en}; {added.text.en.lower()}", f"{say.zh}；{added.text.zh}")
    return Repair(text=say, patch=(resized, *added.patch))


def _append(model: ModelSpec, steps: list[Step]) -> Repair | None:
    """New layers after the output; None where there is nothing to add or no room for it."""
    if not steps or len(model.nodes) + len(steps) > MOST_NODES:
        return None
    words = [said.en for _, said in steps]
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    say = text(f"Add {listed}", f"增加{'、'.join(said.zh for _, said in steps)}")
    return Repair(
        text=say, patch=patches.append(model, model.outputs[0], *(layer for layer, _ in steps))
    )


def _last_dense(model: ModelSpec) -> int | None:
    """Place of the dense layer that decides the size of a vector output: only pointwise ones follow.

    Of two nodes of one name the first is meant, as everywhere.
    """
    places = {node.id: i for i, node in reversed(list(enumerate(model.nodes)))}
    place = places.get(model.outputs[0])
    while place is not None:
        node = model.nodes[place]
        if node.layer.kind() == "dense":
            return place
        source = next(iter(node.inputs), INPUT)
        place = places.get(source) if node.layer.POINTWISE and source != INPUT else None
    return None

"""Which values a network's output may take, and whether they are those that its loss asks for.

Walks through a network by what each layer says of its own values: no tensor, no weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.catalog.layers import Layer
from app.core.errors import Problem
from app.core.reach import ANY, Reach, holds, hull
from app.core.shapes import channels_of
from app.core.text import Text, text
from app.spec.model import INPUT

if TYPE_CHECKING:
    from app.spec.examine import Examination

MOST_PARTS = 16
"""Parts of an output that are told apart: a join of more is looked at as a whole."""
NUMBER = "{:.4g}"


@dataclass(frozen=True)
class Part:
    """Values of an output that one layer has confined: the layer, and where they lie."""

    node: str
    reach: Reach = ANY


def parts(found: Examination, name: str) -> tuple[Part, ...]:
    """What the output of ``name`` is joined of, each part with the layer that confines it."""
    known: dict[str, tuple[Part, ...]] = {INPUT: (Part(INPUT),)}
    for at in found.graph.order:
        if at in found.shapes:
            known[at] = _parts(found, at, known)
    return known.get(name, ())


def _parts(found: Examination, name: str, known: dict[str, tuple[Part, ...]]) -> tuple[Part, ...]:
    node = found.model.nodes[found.graph.index[name]]
    shapes = tuple(found.shapes[source] for source in node.inputs)
    given = [known[source] for source in node.inputs]
    if len(given) > 1 and not node.layer.PASSES:
        reaches = tuple(hull(part.reach for part in one) for one in given)
        return (Part(name, node.layer.spans(shapes, reaches)),)
    made = []
    for part in dict.fromkeys(part for one in given for part in one):
        reach = node.layer.spans(shapes, (part.reach,) * len(shapes))
        made.append(part if reach == part.reach else Part(name, reach))
    if len(made) > MOST_PARTS:
        return (Part(name, hull(part.reach for part in made)),)
    return tuple(made)


def problems(found: Examination) -> list[Problem]:
    """A warning for every layer that confines the output to values that cannot be what is asked."""
    output = found.model.outputs[0]
    warned: dict[str, Problem] = {}
    for part in parts(found, output):
        if part.node == INPUT or part.reach == ANY or part.node in warned:
            continue
        why = _why(found, part)
        if why is not None:
            index = found.graph.index[part.node]
            warned[part.node] = Problem(
                code="output_confined",
                message=why,
                severity="warning",
                pointer=f"/model/nodes/{index}",
                node=part.node,
                params={"low": _end(part.reach[0]), "high": _end(part.reach[1])},
            )
    return list(warned.values())


def _end(value: float) -> float | None:
    """Null where there is none, as JSON has no infinity."""
    return round(value, 4) if abs(value) < float("inf") else None


def _why(found: Examination, part: Part) -> Text | None:
    """What is wrong with values that lie there alone; None where nothing is certain."""
    loss, layer = found.training.phase.loss, _layer(found, part.node)
    wanted = _wanted(found)
    if wanted is not None:
        return None if holds(part.reach, wanted) else _beyond(found, part, layer, wanted)
    if loss.suffices(part.reach) and not _dies(layer):
        return None
    return _raw(found, part, layer)


def _layer(found: Examination, name: str) -> Layer:
    return found.model.nodes[found.graph.index[name]].layer


def _dies(layer: Layer) -> bool:
    """An activation that is exactly flat on one side: a score there gets no gradient."""
    ends = getattr(layer, "ends", None)
    told = ends() if ends is not None else None
    return bool(told and told.dies)


def _wanted(found: Examination) -> Reach | None:
    """Where the targets of a loss that measures a distance lie; None for other losses, and where the
    data set does not say it."""
    phase, dataset = found.training.phase, found.training.dataset
    if "regression" not in phase.loss.TASKS:
        return None
    if phase.reconstructs:
        return dataset.input_reach
    if dataset.TASK == "regression":
        return dataset.target_reach
    shape = found.output
    single = shape is not None and channels_of(shape) == 1
    return (-1.0, 1.0) if single else (0.0, 1.0)


def _said(reach: Reach) -> Text:
    low, high = (NUMBER.format(round(end, 4)).replace("-", "−") for end in reach)
    if _end(reach[0]) is None:
        return text(f"no values above {high}", f"不大于 {high} 的值")
    if _end(reach[1]) is None:
        return text(f"no values below {low}", f"不小于 {low} 的值")
    if low == high:
        return text(f"the value {low} alone", f"唯一的值 {low}")
    return text(f"values from {low} to {high} only", f"{low} 到 {high} 之间的值")


def _raw(found: Examination, part: Part, layer: Layer) -> Text:
    """A loss that takes raw outputs."""
    loss, said = found.training.phase.loss, _said(part.reach)
    front = text(
        f"{part.node} ({layer.TITLE.en}) gives {said.en}, but {loss.TITLE.en} takes raw outputs",
        f"{part.node}（{layer.TITLE.zh}）只给出 {said.zh}，而{loss.TITLE.zh}要求原始输出",
    )
    if layer.kind() == loss.READOUT:
        return text(
            f"{front.en}: it has the {loss.READOUT} inside. Applied twice, the loss cannot come near 0.",
            f"{front.zh}：其中已包含 {loss.READOUT}。用两次则损失无法接近 0。",
        )
    if _end(part.reach[1]) is None or _end(part.reach[0]) is None:
        return text(
            f"{front.en}: an output at that end gets no gradient, or cannot say a clear no.",
            f"{front.zh}：停在该端的输出得不到梯度，或无法给出明确的否定。",
        )
    return text(f"{front.en}: the loss cannot come near 0.", f"{front.zh}：损失无法接近 0。")


def _beyond(found: Examination, part: Part, layer: Layer, wanted: Reach) -> Text:
    """A loss that measures a distance to targets that lie elsewhere."""
    dataset, said = found.training.dataset, _said(part.reach)
    front = text(
        f"{part.node} ({layer.TITLE.en}) gives {said.en}",
        f"{part.node}（{layer.TITLE.zh}）只给出 {said.zh}",
    )
    if wanted == ANY:
        return text(
            f"{front.en}, but the targets of {dataset.TITLE.en} lie on both sides of 0 and go "
            "beyond ±1: many can never be reached.",
            f"{front.zh}，而“{dataset.TITLE.zh}”的目标分布在 0 的两侧并超出 ±1：许多目标永远达不到。",
        )
    low, high = (NUMBER.format(end).replace("-", "−") for end in wanted)
    return text(
        f"{front.en}, but the targets of {dataset.TITLE.en} with {found.training.phase.loss.TITLE.en} "
        f"lie between {low} and {high}: some can never be reached.",
        f"{front.zh}，而“{dataset.TITLE.zh}”配{found.training.phase.loss.TITLE.zh}的目标在 {low} 与 "
        f"{high} 之间：有些目标永远达不到。",
    )

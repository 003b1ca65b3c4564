"""Tries repairs out before anybody is offered them: what does not remove its problem is left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.catalog.layers import LAYERS, Layer
from app.core.errors import Problem, Repair
from app.core.text import text
from app.spec import doubts
from app.spec.examine import Examination, examine
from app.spec.model import MOST_NODES, ModelSpec, Node
from app.spec.patches import Candidates, Operation
from app.spec.training import TrainingSpec

MOST_WORK = 2500
"""Layers looked at by all trials of one check together, where each problem has a repair at once."""
MOST_WORK_IN_ALL = 20_000
"""Layers, and problems twice, after which no further repair is looked for: a tenth of a second or two,
whatever somebody sends."""
MOST_EACH = 10
"""Trials for one problem: fewer where there are many problems, but on until one repair works or none is left."""
OFFERED = 3


@dataclass
class Draft:
    """A spec that patches are applied to: only the operations and places that repairs use."""

    nodes: list[Node]
    output: str
    training: TrainingSpec

    def apply(self, operation: Operation) -> None:
        """Raises ValidationError, LookupError or ValueError where the patch does not fit."""
        way = str(operation["path"]).split("/")[1:]
        value = operation.get("value")
        match way:
            case ["model", "outputs", "0"]:
                self.output = str(value)
            case ["model", "nodes", "-"]:
                self.nodes.append(_node(value))
            case ["model", "nodes", index] if operation["op"] == "add":
                self.nodes.insert(int(index), _node(value))
            case ["model", "nodes", index]:
                del self.nodes[int(index)]
            case ["model", "nodes", index, *rest]:
                self.nodes[int(index)] = _changed(self.nodes[int(index)], rest, operation)
            case ["training", *steps]:
                self.training = _trained(self.training, steps, operation)
            case _:
                raise ValueError(operation["path"])


def _trained(training: TrainingSpec, steps: list[str], operation: Operation) -> TrainingSpec:
    """A field of the training set anew, or taken out of it."""
    place = document = json.loads(training.model_dump_json())
    *way, last = steps
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = int(last) if isinstance(place, list) else last
    if operation["op"] == "remove":
        del place[key]
    else:
        place[key] = operation["value"]
    return TrainingSpec.model_validate_json(json.dumps(document))


def _frozen(value: Any) -> Any:
    """JSON's lists as a strict part takes them."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _kind(value: Any) -> str:
    return str(value["type"])


def _layer(value: dict[str, Any]) -> Layer:
    return LAYERS.parts[_kind(value)].model_validate(value)


def _node(value: Any) -> Node:
    return Node(id=value["id"], layer=_layer(value["layer"]), inputs=tuple(value["inputs"]))


def _changed(node: Node, way: list[str], operation: Operation) -> Node:
    value = operation.get("value")
    match way:
        case ["id"]:
            return Node(id=str(value), layer=node.layer, inputs=node.inputs)
        case ["layer"]:
            return Node(id=node.id, layer=_layer(value or {}), inputs=node.inputs)
        case ["layer", field]:
            fields = {name: getattr(node.layer, name) for name in type(node.layer).model_fields}
            layer = type(node.layer)(**{**fields, field: _frozen(value)})
            return Node(id=node.id, layer=layer, inputs=node.inputs)
        case ["inputs"]:
            return Node(id=node.id, layer=node.layer, inputs=tuple(value or ()))
        case ["inputs", place]:
            inputs = list(node.inputs)
            if operation["op"] == "remove":
                del inputs[int(place)]
            else:
                inputs[int(place)] = str(value)
            return Node(id=node.id, layer=node.layer, inputs=tuple(inputs))
    raise ValueError(operation["path"])


def tried(found: Examination, repair: Repair) -> Examination | None:
    """The network after the repair; None where the patch does not fit."""
    draft = Draft(list(found.model.nodes), found.model.outputs[0], found.training)
    try:
        for operation in repair.patch:
            draft.apply(operation)
    except (ValidationError, LookupError, ValueError, TypeError):
        return None
    if len(draft.nodes) > MOST_NODES:
        return None
    changed = ModelSpec.model_construct(
        version=1, nodes=tuple(draft.nodes), outputs=(draft.output,)
    )
    return examine(changed, draft.training)


_NONE = text(
    " Glassnet has no one-click repair: each single change that it tried leaves this problem or breaks "
    "another layer. Change the layer by hand.",
    "没有可一键应用的修复：每一种单步改动都无法消除该问题，或会破坏别的层。请手动修改该层。",
)


_LATER = text(
    " Mend the problems before this one first: so many are wrong that no repair was looked for.",
    "请先解决前面的问题：问题太多，未继续寻找修复。",
)


def said_why(problem: Problem, repairs: tuple[Repair, ...], *, looked: bool = True) -> Problem:
    """The problem with its repairs; an error without any says in words why there is none."""
    message = problem.message
    if not repairs and problem.severity == "error":
        why = _NONE if looked else _LATER
        message = text(message.en + why.en, message.zh + why.zh)
    return problem.model_copy(update={"repairs": repairs, "message": message})


class Rehearsal:
    """Tries candidates for the problems of one examined spec."""

    def __init__(self, found: Examination) -> None:
        self._found = found
        self._faults = found.faults()
        trials = MOST_WORK // max(1, len(found.model.nodes))
        self._count = sum(self._faults.values())
        self._share = max(1, trials // max(1, self._count))
        self._left = MOST_WORK_IN_ALL

    @property
    def exhausted(self) -> bool:
        """So much was tried that what follows is left as it is."""
        return self._left <= 0

    def best(self, problem: Problem, offers: Candidates) -> tuple[Repair, ...]:
        """The repairs that work, those first that leave the most of the network sound."""
        ranked: list[tuple[tuple[int, int, int], Repair]] = []
        for place, repair in enumerate(offers):
            if self.exhausted or (ranked and place >= min(self._share, MOST_EACH)):
                break
            if any(repair.patch == other.patch for _, other in ranked):
                continue
            after = tried(self._found, repair)
            self._left -= len(self._found.model.nodes) + 2 * self._count
            if after is None or not self._removes(problem, after):
                continue
            unsound = len(after.model.nodes) + 1 - len(after.shapes)
            ranked.append(((unsound, len(_errors(after)), place), repair))
        ranked.sort(key=lambda one: one[0])
        return tuple(repair for _, repair in ranked[:OFFERED])

    def _removes(self, problem: Problem, after: Examination) -> bool:
        """Whether there is less of this kind at this place; nothing else there may come instead."""
        fault = (problem.code, problem.node)
        before, now = self._faults, after.faults()
        if now[fault] >= before.get(fault, 0):
            return False
        if problem.code in doubts.WARNINGS:  # nothing else may come in its place, nowhere
            return not now - before
        return (
            not any(
                severity_of(code) == "error"
                and node == problem.node
                and count > before.get((code, node), 0)
                for (code, node), count in now.items()
                if node is not None
            )
            or problem.code in _REVEALING
        )


_REVEALING = ("cycle", "unknown_input", "arity", "duplicate_id", "output_shape")
"""Wiring, and what the network learns: once they are changed, other needs of the same layer are seen."""


def severity_of(code: str) -> str:
    return "warning" if code in {"dangling", "looks_ahead", *doubts.WARNINGS} else "error"


def _errors(found: Examination) -> list[Problem]:
    listed = [*found.whole, *(p for problems in found.by_node for p in problems)]
    return [problem for problem in listed if problem.severity == "error"]

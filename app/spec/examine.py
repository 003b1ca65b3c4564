"""Goes through a network once: the shape of every node and everything that is wrong. Offers no repairs of its
own; those that come with a problem are left as they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.catalog.datasets import Dataset
from app.catalog.layers import ShapeMismatch, fitted
from app.catalog.losses import Loss
from app.core.errors import Problem, Repair
from app.core.shapes import Shape, show
from app.core.text import text
from app.spec import doubts, reconstruction
from app.spec.graph import Graph
from app.spec.model import INPUT, ModelSpec
from app.spec.sequences import sample_shape
from app.spec.training import TrainingSpec

Fault = tuple[str, str | None]
"""What is wrong and where: the code of a problem and the node."""


@dataclass
class Examination:
    """``shapes`` of what is sound; ``misfits`` by node; ``whole`` are the problems of no node."""

    model: ModelSpec
    training: TrainingSpec
    graph: Graph
    shapes: dict[str, Shape]
    misfits: dict[str, ShapeMismatch] = field(default_factory=dict)
    whole: list[Problem] = field(default_factory=list)
    by_node: list[list[Problem]] = field(default_factory=list)
    """Problems of each node, by its place in the model."""

    @property
    def output(self) -> Shape | None:
        name = self.model.outputs[0]
        return self.shapes.get(name) if name != INPUT else None

    def faults(self) -> Counter[Fault]:
        """Each kind of problem at each place, and how often."""
        listed = [*self.whole, *(p for problems in self.by_node for p in problems)]
        return Counter((problem.code, problem.node) for problem in listed)


def examine(model: ModelSpec, training: TrainingSpec) -> Examination:
    """Never raises for specs that parse."""
    graph = Graph.of(model)
    faults = training.dataset.faults()
    shapes = {} if faults else {INPUT: sample_shape(training.dataset)}
    found = Examination(model, training, graph, shapes, whole=list(faults))
    found.by_node = [list(graph.at(place)) for place in range(len(model.nodes))]
    for name in graph.order:
        _node(found, graph.index[name], name)
    found.whole += graph.problems
    if faults:
        return found
    _learns(found)
    for problem in doubts.problems(found, sound=_sound(found)):
        found.by_node[graph.index[problem.node or ""]].append(problem)
    return found


def _sound(found: Examination) -> bool:
    """Whether the output is what the loss and the data want."""
    listed = [*found.whole, *(p for problems in found.by_node for p in problems)]
    return found.output is not None and all(p.severity == "warning" for p in listed)


def _learns(found: Examination) -> None:
    """What the data, the loss and the output have to do with one another."""
    model, training, graph = found.model, found.training, found.graph
    found.whole += _augmentations_fit_data(training)
    if training.phase.reconstructs:
        for problem in reconstruction.problems(model, training, found.output):
            at = graph.index.get(problem.node or "")
            (found.whole if at is None else found.by_node[at]).append(problem)
        return
    found.whole += _loss_fits_data(training)
    if training.dataset.NEXT:
        _looks_ahead(found)
    if found.output is not None and not any(p.code == "loss_task" for p in found.whole):
        _output_fits_data(found, found.output)


def _node(found: Examination, index: int, name: str) -> None:
    node = found.model.nodes[index]
    known = tuple(found.shapes[source] for source in node.inputs if source in found.shapes)
    if len(known) < len(node.inputs) or any(
        problem.severity == "error" for problem in found.by_node[index]
    ):
        return
    try:
        found.shapes[name] = fitted(node.layer, known)
    except ShapeMismatch as error:
        found.misfits[name] = error
        pointer = f"/model/nodes/{index}"
        problem = Problem(
            code=error.code, message=error.text, pointer=pointer, node=name, params=error.params
        )
        found.by_node[index].append(problem)


def _loss_fits_data(training: TrainingSpec) -> list[Problem]:
    loss, dataset = training.phase.loss, training.dataset
    if dataset.TASK in loss.TASKS and dataset.PER_STEP and not loss.PER_STEP:
        return [_loss_per_step(training)]
    if dataset.TASK in loss.TASKS:
        return []
    task = text("classes", "类别") if dataset.TASK == "classification" else text("numbers", "数值")
    return [
        Problem(
            code="loss_task",
            message=text(
                f"{loss.TITLE.en} does not suit the data set {dataset.TITLE.en}, which gives {task.en}.",
                f"{loss.TITLE.zh}不适合数据集“{dataset.TITLE.zh}”，其目标为{task.zh}。",
            ),
            pointer="/training/phases/0/loss",
            params={"loss": loss.kind(), "task": dataset.TASK},
        )
    ]


def _loss_per_step(training: TrainingSpec) -> Problem:
    loss, dataset = training.phase.loss, training.dataset
    return Problem(
        code="loss_task",
        message=text(
            f"{loss.TITLE.en} takes one target a sample; {dataset.TITLE.en} has a class at every step.",
            f"{loss.TITLE.zh}每个样本只接受一个目标，而“{dataset.TITLE.zh}”每个时刻都有一个类别。",
        ),
        pointer="/training/phases/0/loss",
        params={"loss": loss.kind(), "task": dataset.TASK},
    )


def _augmentations_fit_data(training: TrainingSpec) -> list[Problem]:
    dataset = training.dataset
    return [
        Problem(
            code="augmentation_kind",
            message=text(
                f"{part.TITLE.en} does not suit the data set {dataset.TITLE.en}.",
                f"{part.TITLE.zh}不适合数据集“{dataset.TITLE.zh}”。",
            ),
            pointer=f"/training/augmentations/{index}",
            repairs=(
                Repair(
                    text=text("Leave it out", "去掉它"),
                    patch=({"op": "remove", "path": f"/training/augmentations/{index}"},),
                ),
            ),
        )
        for index, part in enumerate(training.augmentations)
        if dataset.KIND not in part.KINDS
    ]


def _looks_ahead(found: Examination) -> None:
    """A layer that reads from the end knows what is to be foretold."""
    for index, node in enumerate(found.model.nodes):
        if not getattr(node.layer, "bidirectional", False):
            continue
        one_way = {
            "op": "add",
            "path": f"/model/nodes/{index}/layer/bidirectional",
            "value": False,
        }
        found.by_node[index].append(
            Problem(
                code="looks_ahead",
                message=text(
                    f"{node.id} also reads from the end, so it sees the token that it should predict.",
                    f"{node.id} 还从末尾向前读，因此会看到要预测的词元。",
                ),
                severity="warning",
                pointer=f"/model/nodes/{index}",
                node=node.id,
                repairs=(
                    Repair(
                        text=text("Read in one direction only", "改为单向读取"), patch=(one_way,)
                    ),
                ),
            )
        )


def _output_fits_data(found: Examination, output: Shape) -> None:
    dataset: Dataset = found.training.dataset
    loss: Loss = found.training.phase.loss
    fitting = loss.output_sizes(dataset.TASK, dataset.targets)
    steps = dataset.input_shape[:1] if dataset.PER_STEP else ()
    if len(output) == len(steps) + 1 and output[:-1] == steps and output[-1] in fitting:
        return
    expected = " / ".join(show((*steps, size)) for size in fitting)
    classes = dataset.TASK == "classification"
    what = text("classes", "个类别") if classes else text("values", "个数值")
    name = found.model.outputs[0]
    index = found.graph.index[name]
    found.by_node[index].append(
        Problem(
            code="output_size",
            message=text(
                f"The output is {show(output)}, but {dataset.TITLE.en} with {loss.TITLE.en} needs "
                f"{expected} ({dataset.targets} {what.en}).",
                f"输出为 {show(output)}，而“{dataset.TITLE.zh}”配{loss.TITLE.zh}需要 {expected}"
                f"（{dataset.targets} {what.zh}）。",
            ),
            pointer=f"/model/nodes/{index}",
            node=name,
            params={"expected": list(fitting), "got": list(output), "per_step": dataset.PER_STEP},
        )
    )

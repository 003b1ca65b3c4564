"""Checks a network against its data and training by closed forms: no tensor, no torch.

Never raises for a spec that parses: everything that is wrong becomes a Problem at its place.
"""

from __future__ import annotations

from app.catalog.datasets import Dataset
from app.catalog.layers import Layer, ShapeMismatch, count
from app.catalog.losses import Loss
from app.core.errors import Problem, Repair, SpecError
from app.core.shapes import Shape, show, size
from app.core.text import text
from app.spec import budget, groups, patches, reconstruction
from app.spec.gains import gains
from app.spec.graph import Graph
from app.spec.model import INPUT, MOST_NODES, ModelSpec
from app.spec.plan import plan
from app.spec.report import NodeReport, RatePlan, Report, Totals
from app.spec.training import TrainingSpec


def check(model: ModelSpec, training: TrainingSpec) -> Report:
    """Shapes, counts and problems of every node; the good part of a broken network included."""
    graph = Graph.of(model)
    if faults := training.dataset.faults():
        return _without_data(model, training, graph, faults)
    shapes: dict[str, Shape] = {INPUT: training.dataset.input_shape}
    nodes: dict[str, NodeReport] = {}
    behind = gains(model)
    for name in graph.order:
        report = _node(model, graph, name, shapes, behind[name])
        nodes[name] = report
        if report.shape is not None:
            shapes[name] = report.shape
    listed = tuple(
        nodes.get(node.id) or _unreached(node.id, node.layer, graph) for node in model.nodes
    )
    output = shapes.get(model.outputs[0]) if model.outputs[0] != INPUT else None
    totals = _totals(listed, training)
    problems = [*graph.problems, *(p for node in listed for p in node.problems)]
    if training.phase.reconstructs:
        problems += reconstruction.problems(model, training, output)
    else:
        problems += _loss_fits_data(training)
        if output is not None and not any(p.code == "loss_task" for p in problems):
            problems += _output_fits_data(model, training, output)
    problems += _augmentations_fit_data(training)
    problems += budget.exceeded(totals, training)
    if not any(problem.severity == "error" for problem in problems):
        tensors = {node.id: [p.name for p in node.parameters] for node in listed}
        problems += groups.problems(training.phase.groups, tensors, "/training/phases/0/groups")
    return Report(
        nodes=listed,
        order=graph.order,
        input_shape=training.dataset.input_shape,
        output_shape=output,
        samples=training.dataset.sizes,
        totals=totals,
        rates=plan(training),
        problems=tuple(problems),
    )


def _without_data(
    model: ModelSpec, training: TrainingSpec, graph: Graph, faults: tuple[Problem, ...]
) -> Report:
    """The data cannot be had as they are wanted: no shape can be said."""
    nodes = tuple(_unreached(node.id, node.layer, graph) for node in model.nodes)
    return Report(
        nodes=nodes,
        order=graph.order,
        input_shape=(),
        output_shape=None,
        samples=(0, 0),
        totals=Totals(parameters=0, macs=0, activations=0, memory_bytes=0),
        rates=RatePlan(steps=(), factors=(), total=0, watches=training.phase.schedule.watches),
        problems=(*faults, *graph.problems, *(p for node in nodes for p in node.problems)),
    )


def require(model: ModelSpec, training: TrainingSpec) -> Report:
    """The report of a network that can be built; raises :class:`SpecError` with all problems."""
    report = check(model, training)
    if not report.ok:
        errors = tuple(p for p in report.problems if p.severity == "error")
        raise SpecError(
            problems=errors, summary=errors[0].message.en, summary_zh=errors[0].message.zh
        )
    return report


def _node(
    model: ModelSpec, graph: Graph, name: str, shapes: dict[str, Shape], gain: float
) -> NodeReport:
    index = graph.index[name]
    node = model.nodes[index]
    found = tuple(shapes.get(source) for source in node.inputs)
    problems = list(graph.at(name))
    kind = node.layer.kind()
    known = tuple(shape for shape in found if shape is not None)
    if len(known) < len(found) or any(p.severity == "error" for p in problems):
        return NodeReport(id=name, type=kind, inputs=found, shape=None, problems=tuple(problems))
    try:
        shape = node.layer.output_shape(known)
    except ShapeMismatch as error:
        problems.append(_misfit(model, index, error))
        return NodeReport(id=name, type=kind, inputs=found, shape=None, problems=tuple(problems))
    return NodeReport(
        id=name,
        type=kind,
        inputs=found,
        shape=shape,
        parameters=node.layer.parameters(known),
        count=count(node.layer, known),
        arithmetic=node.layer.arithmetic(known),
        macs=node.layer.macs(known),
        activations=size(shape),
        place=node.layer.place(known, gain),
        problems=tuple(problems),
    )


def _unreached(name: str, layer: Layer, graph: Graph) -> NodeReport:
    """A node that no order can reach: on a cycle, after a missing input, or a second of its name."""
    return NodeReport(
        id=name, type=layer.kind(), inputs=(), shape=None, problems=tuple(graph.at(name))
    )


def _misfit(model: ModelSpec, index: int, error: ShapeMismatch) -> Problem:
    repairs = (patches.repair_of(model, index, fix) for fix in error.fixes)
    return Problem(
        code=error.code,
        message=error.text,
        pointer=f"/model/nodes/{index}",
        node=model.nodes[index].id,
        params=error.params,
        repairs=tuple(repair for repair in repairs if repair),
    )


def _totals(nodes: tuple[NodeReport, ...], training: TrainingSpec) -> Totals:
    parameters = sum(node.count for node in nodes)
    activations = sum(node.activations for node in nodes) + size(training.dataset.input_shape)
    return Totals(
        parameters=parameters,
        macs=sum(node.macs for node in nodes),
        activations=activations,
        memory_bytes=budget.step_bytes(parameters, activations, training),
    )


def _loss_fits_data(training: TrainingSpec) -> list[Problem]:
    loss, dataset = training.phase.loss, training.dataset
    if dataset.TASK in loss.TASKS:
        return []
    task = text("classes", "类别") if dataset.TASK == "classification" else text("numbers", "数值")
    patch = {"op": "replace", "path": "/training/phases/0/loss", "value": {"type": "squared_error"}}
    return [
        Problem(
            code="loss_task",
            message=text(
                f"{loss.TITLE.en} does not suit the data set {dataset.TITLE.en}, which gives {task.en}.",
                f"{loss.TITLE.zh}不适合数据集“{dataset.TITLE.zh}”，其目标为{task.zh}。",
            ),
            pointer="/training/phases/0/loss",
            params={"loss": loss.kind(), "task": dataset.TASK},
            repairs=(Repair(text=text("Use squared error", "改用平方误差"), patch=(patch,)),),
        )
    ]


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


def _output_fits_data(model: ModelSpec, training: TrainingSpec, output: Shape) -> list[Problem]:
    dataset: Dataset = training.dataset
    loss: Loss = training.phase.loss
    fitting = loss.output_sizes(dataset.TASK, dataset.targets)
    if len(output) == 1 and output[0] in fitting:
        return []
    expected = " / ".join(map(str, fitting))
    what = (
        text("classes", "个类别") if dataset.TASK == "classification" else text("values", "个数值")
    )
    index = next(i for i, node in enumerate(model.nodes) if node.id == model.outputs[0])
    return [
        Problem(
            code="output_size",
            message=text(
                f"The output is {show(output)}, but {dataset.TITLE.en} with {loss.TITLE.en} needs "
                f"{expected} ({dataset.targets} {what.en}).",
                f"输出为 {show(output)}，而“{dataset.TITLE.zh}”配{loss.TITLE.zh}需要 {expected}"
                f"（{dataset.targets} {what.zh}）。",
            ),
            pointer=f"/model/nodes/{index}",
            node=model.outputs[0],
            params={"expected": list(fitting), "got": list(output)},
            repairs=_output_repairs(model, index, output, fitting[-1]),
        )
    ]


def _output_repairs(model: ModelSpec, index: int, output: Shape, units: int) -> tuple[Repair, ...]:
    """Give the last dense layer the right size if only pointwise layers follow it; else add one."""
    place: int | None = index
    while place is not None:
        node = model.nodes[place]
        if node.layer.kind() == "dense":
            path = f"/model/nodes/{place}/layer/units"
            say = text(f"Set {node.id} to {units} units", f"将 {node.id} 的单元数设为 {units}")
            return (Repair(text=say, patch=({"op": "add", "path": path, "value": units},)),)
        if not node.layer.POINTWISE or node.inputs[0] == INPUT:  # a node may be called that too
            break
        places = (i for i, other in enumerate(model.nodes) if other.id == node.inputs[0])
        place = next(places, None)
    dense = {"type": "dense", "units": units}
    if len(model.nodes) + 2 > MOST_NODES:
        return ()
    if len(output) == 1:
        say = text(f"Add a dense layer of {units}", f"增加 {units} 个单元的全连接层")
        return (Repair(text=say, patch=patches.append(model, dense)),)
    say = text(f"Add flatten and a dense layer of {units}", f"增加展平与 {units} 个单元的全连接层")
    return (Repair(text=say, patch=patches.append(model, {"type": "flatten"}, dense)),)

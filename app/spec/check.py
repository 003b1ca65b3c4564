"""Checks a network against its data and training by closed forms: no tensor, no torch.

Never raises for a spec that parses: everything that is wrong becomes a Problem at its place, with repairs
that were tried out before they are offered.
"""

from __future__ import annotations

from app.catalog.layers import count
from app.core.errors import Problem, SpecError
from app.core.shapes import size
from app.spec import budget
from app.spec.examine import Examination, examine
from app.spec.model import ModelSpec
from app.spec.rehearsal import Rehearsal
from app.spec.repairs import candidates
from app.spec.report import NodeReport, Report, Totals
from app.spec.training import TrainingSpec


def check(model: ModelSpec, training: TrainingSpec) -> Report:
    """Shapes, counts and problems of every node; the good part of a broken network included."""
    found = examine(model, training)
    rehearsal = Rehearsal(found)

    def mended(problems: list[Problem]) -> tuple[Problem, ...]:
        return tuple(
            problem.model_copy(
                update={"repairs": rehearsal.best(problem, candidates(found, problem))}
            )
            for problem in problems
        )

    listed = tuple(
        _node(found, place, mended(problems)) for place, problems in enumerate(found.by_node)
    )
    totals = _totals(listed, training)
    problems = [*mended(found.whole), *(p for node in listed for p in node.problems)]
    problems += budget.exceeded(totals)
    return Report(
        nodes=listed,
        order=found.graph.order,
        input_shape=training.dataset.input_shape,
        output_shape=found.output,
        samples=training.dataset.sizes,
        totals=totals,
        problems=tuple(problems),
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


def _node(found: Examination, place: int, problems: tuple[Problem, ...]) -> NodeReport:
    """What is known of one node; of a second of its name, or on a loop, that is little."""
    node = found.model.nodes[place]
    own = found.graph.index.get(node.id) == place
    inputs = tuple(found.shapes.get(source) for source in node.inputs) if own else ()
    shape = found.shapes.get(node.id) if own else None
    known = tuple(one for one in inputs if one is not None)
    if shape is None:
        return NodeReport(
            id=node.id, type=node.layer.kind(), inputs=inputs, shape=None, problems=problems
        )
    parameters = node.layer.parameters(known)
    own_count = count(node.layer, known)
    return NodeReport(
        id=node.id,
        type=node.layer.kind(),
        inputs=inputs,
        shape=shape,
        parameters=parameters,
        count=own_count,
        arithmetic=node.layer.arithmetic(known),
        macs=node.layer.macs(known),
        activations=size(shape),
        memory=budget.memory(own_count, size(shape), found.training),
        problems=problems,
    )


def _totals(nodes: tuple[NodeReport, ...], training: TrainingSpec) -> Totals:
    parameters = sum(node.count for node in nodes)
    activations = sum(node.activations for node in nodes) + size(training.dataset.input_shape)
    memory = budget.memory(parameters, activations, training)
    return Totals(
        parameters=parameters,
        macs=sum(node.macs for node in nodes),
        activations=activations,
        memory=memory,
        memory_bytes=memory.total,
        fixed_bytes=memory.total - memory.activations,
        sample_bytes=budget.sample_bytes(activations),
        limit_bytes=budget.MAX_STEP_BYTES,
    )

"""Checks a network against its data and training by closed forms: no tensor, no torch.

Never raises for a spec that parses: everything that is wrong becomes a Problem at its place, with repairs
that were tried out before they are offered.
"""

from __future__ import annotations

from app.catalog.layers import count
from app.core.errors import Problem, SpecError
from app.core.shapes import size
from app.spec import budget, groups
from app.spec.examine import Examination, examine
from app.spec.gains import gains
from app.spec.model import INPUT, ModelSpec
from app.spec.plan import plan
from app.spec.rehearsal import Rehearsal
from app.spec.repairs import candidates
from app.spec.report import NodeReport, RatePlan, Report, Totals
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
            if INPUT in found.shapes
            else problem
            for problem in problems
        )

    behind = gains(model)
    listed = tuple(
        _node(found, place, mended(problems), behind[model.nodes[place].id])
        for place, problems in enumerate(found.by_node)
    )
    known = INPUT in found.shapes
    totals = _totals(listed, found)
    problems = [*mended(found.whole), *(p for node in listed for p in node.problems)]
    problems += budget.exceeded(totals)
    if not any(problem.severity == "error" for problem in problems):
        tensors = {node.id: [p.name for p in node.parameters] for node in listed}
        problems += groups.problems(training.phase.groups, tensors, "/training/phases/0/groups")
    return Report(
        nodes=listed,
        order=found.graph.order,
        input_shape=found.shapes.get(INPUT, ()),
        output_shape=found.output,
        samples=training.dataset.sizes if known else (0, 0),
        totals=totals,
        rates=plan(training) if known else _no_plan(training),
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


def _node(found: Examination, place: int, problems: tuple[Problem, ...], gain: float) -> NodeReport:
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
        place=node.layer.place(known, gain),
        problems=problems,
    )


def _no_plan(training: TrainingSpec) -> RatePlan:
    """Where the data cannot be had as they are wanted: nobody knows how many steps there would be."""
    return RatePlan(steps=(), factors=(), total=0, watches=training.phase.schedule.watches)


def _totals(nodes: tuple[NodeReport, ...], found: Examination) -> Totals:
    parameters = sum(node.count for node in nodes)
    own = size(found.shapes[INPUT]) if INPUT in found.shapes else 0
    activations = sum(node.activations for node in nodes) + own
    memory = budget.memory(parameters, activations, found.training)
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

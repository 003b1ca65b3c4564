"""Checks a network against its data and training by closed forms: no tensor, no torch.

Never raises for a spec that parses: everything that is wrong becomes a Problem at its place, with repairs
that were tried out before they are offered.
"""

from __future__ import annotations

from app.core.errors import Problem, SpecError
from app.core.shapes import Steps
from app.spec import describe, whole
from app.spec.examine import examine
from app.spec.model import INPUT, ModelSpec
from app.spec.plan import plan
from app.spec.rehearsal import Rehearsal, said_why
from app.spec.repairs import candidates
from app.spec.report import RatePlan, Report
from app.spec.training import TrainingSpec


def check(model: ModelSpec, training: TrainingSpec) -> Report:
    """Shapes, counts and problems of every node; the good part of a broken network included."""
    found = examine(model, training)
    rehearsal = Rehearsal(found)
    known = INPUT in found.shapes

    def mended(problems: list[Problem]) -> tuple[Problem, ...]:
        if not known:
            return tuple(problems)
        listed = []
        for problem in problems:
            looked = not rehearsal.exhausted
            repairs = rehearsal.best(problem, candidates(found, problem)) if looked else ()
            listed.append(said_why(problem, repairs, looked=looked))
        return tuple(listed)

    figures = describe.nodes(found)
    listed = tuple(
        node.model_copy(update={"problems": mended(problems)})
        for node, problems in zip(figures, found.by_node, strict=True)
    )
    totals = describe.totals(figures, found)
    problems = [*mended(found.whole), *(p for node in listed for p in node.problems)]
    sound = not any(problem.severity == "error" for problem in problems)
    problems += whole.problems(found, figures, totals, sound=sound)
    return Report(
        nodes=listed,
        order=found.graph.order,
        input_shape=found.shapes.get(INPUT, ()),
        input_time_first=isinstance(found.shapes.get(INPUT), Steps),
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


def _no_plan(training: TrainingSpec) -> RatePlan:
    """Where the data cannot be had as they are wanted: nobody knows how many steps there would be."""
    return RatePlan(steps=(), factors=(), total=0, watches=training.phase.schedule.watches)

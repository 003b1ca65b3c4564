"""Problems that only a whole network has: it costs too much, or a rate is set for nothing that it has.

Their repairs are tried out as those of the nodes are: each candidate's figures are reckoned anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from app.core.errors import Problem, Repair
from app.core.text import text
from app.spec import budget, describe, groups
from app.spec.examine import Examination
from app.spec.model import INPUT
from app.spec.patches import Candidates, offer, on_wires, put, set_field
from app.spec.rehearsal import said_why, severity_of, tried
from app.spec.report import NodeReport, Totals

MOST_TRIALS = 10
OFFERED = 2
GREEDIEST = 3
WIDTHS = ("units", "filters")
"""Fields that say how wide a layer is."""


def problems(
    found: Examination, figures: tuple[NodeReport, ...], totals: Totals, *, sound: bool
) -> list[Problem]:
    """Limits that are broken; and, where all else is sound, rates that nothing learns at."""
    over = [
        said_why(problem, _within(found, problem, figures, totals))
        for problem in budget.exceeded(totals)
    ]
    if over or not sound:
        return over
    tensors = {node.id: [p.name for p in node.parameters] for node in figures}
    return groups.problems(found.training.phase.groups, tensors, "/training/phases/0/groups")


def _within(
    found: Examination, problem: Problem, figures: tuple[NodeReport, ...], totals: Totals
) -> tuple[Repair, ...]:
    """The first candidates after which this limit is kept and nothing else is wrong that was not."""
    kept = (
        repair
        for repair in islice(_candidates(found, problem, figures, totals), MOST_TRIALS)
        if _keeps(found, problem, repair)
    )
    return tuple(islice(kept, OFFERED))


def _keeps(found: Examination, problem: Problem, repair: Repair) -> bool:
    after = tried(found, repair)
    if after is None:
        return False
    more = after.faults() - found.faults()
    if any(severity_of(code) == "error" for code, _ in more):
        return False
    totals = describe.totals(describe.nodes(after), after)
    return problem.code not in {one.code for one in budget.exceeded(totals)}


def _candidates(
    found: Examination, problem: Problem, figures: tuple[NodeReport, ...], totals: Totals
) -> Candidates:
    """Smaller batches; what costs the most made narrower, or its input; a pooling before it."""
    if problem.code == "too_much_memory" and totals.sample_bytes:
        fits = (budget.MAX_STEP_BYTES - totals.fixed_bytes) // totals.sample_bytes
        if fits >= 1:
            patch = put("/training/phases/0/batch_size", int(fits))
            say = (f"Use batches of {fits}", f"批量改为 {fits}")
            yield from offer(*say, ({**patch, "op": "add"},))
    costs = [_cost(problem.code, node) for node in figures]
    greedy = sorted(range(len(costs)), key=costs.__getitem__, reverse=True)[:GREEDIEST]
    excess = int(problem.params["needed"]) - int(problem.params["limit"])
    for place in greedy:
        share = (costs[place] - excess) / costs[place] if costs[place] else 0.0
        for at in _wide(found, place):
            yield from _narrower(found, at, share if share > 0 else 0.125)
    for place in greedy:
        yield from _pooled(found, place)


def _cost(code: str, node: NodeReport) -> int:
    if code == "too_many_parameters":
        return node.count
    return node.macs if code == "too_many_macs" else node.memory.total


def _wide(found: Examination, place: int) -> Iterator[int]:
    """The layer itself and the nearest before it that have a width, along first inputs."""
    here: int | None = place
    for _ in range(8):
        if here is None:
            return
        node = found.model.nodes[here]
        if any(name in type(node.layer).model_fields for name in WIDTHS):
            yield here
            if here != place:
                return
        source = node.inputs[0] if node.inputs else INPUT
        here = found.graph.index.get(source)


def _narrower(found: Examination, place: int, share: float) -> Candidates:
    node = found.model.nodes[place]
    field = next(name for name in WIDTHS if name in type(node.layer).model_fields)
    width = int(getattr(node.layer, field))
    less = max(1, int(width * share))
    if less < width:
        what = text("units", "个单元") if field == "units" else text("output maps", "张输出特征图")
        say = (f"Narrow {node.id} to {less} {what.en}", f"将 {node.id} 缩减为 {less} {what.zh}")
        yield from offer(*say, (set_field(place, field, less),))


def _pooled(found: Examination, place: int) -> Candidates:
    """Where a picture comes in, here or before a flatten: its sides divided."""
    node = found.model.nodes[place]
    source = node.inputs[0] if node.inputs else INPUT
    before = found.graph.index.get(source)
    if before is not None and found.model.nodes[before].layer.kind() == "flatten":
        place, node = before, found.model.nodes[before]
        source = node.inputs[0]
    shape = found.shapes.get(source, ())
    for size in (2, 4):
        if len(shape) == 3 and min(shape[1:]) >= size:
            layer = {"type": "max_pool2d", "size": size, "stride": size}
            yield from offer(
                f"Pool {size}×{size} before {node.id}",
                f"在 {node.id} 之前加 {size}×{size} 池化",
                on_wires(found.model, place, {0: [layer]}),
            )

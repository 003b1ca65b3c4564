"""Whether weights that were brought along fit the network of a run."""

from __future__ import annotations

from app.protocol.refusals import WeightsMisfit
from app.protocol.runs import WeightsInfo
from app.spec.report import Report
from app.spec.run import RunSpec
from app.spec.weights import misfits


def require_fit(spec: RunSpec, report: Report, info: WeightsInfo) -> None:
    """Raises WeightsMisfit."""
    given = {one.name: one.shape for one in info.tensors}
    problems = misfits(spec.model, report, given)
    if problems:
        first = problems[0].message
        raise WeightsMisfit(
            pointer="/weights",
            problems=tuple(problems),
            count=len(problems),
            first=first.en,
            first_zh=first.zh,
        )

"""Weights that a spec names: whether they fit the network that is to start from them."""

from __future__ import annotations

from app.protocol.refusals import WeightsMisfit
from app.protocol.runs import WeightsInfo
from app.spec.model import ModelSpec
from app.spec.report import Report
from app.spec.weights import misfits


def require_fit(model: ModelSpec, report: Report, weights: WeightsInfo) -> None:
    """Raises WeightsMisfit with every tensor that does not fit."""
    given = {one.name: one.shape for one in weights.tensors}
    problems = misfits(model, report, given)
    if problems:
        first = problems[0].message
        raise WeightsMisfit(
            pointer="/weights",
            problems=tuple(problems),
            count=len(problems),
            first=first.en,
            first_zh=first.zh,
        )

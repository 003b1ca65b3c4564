"""Answers with one number as the sum that it came from."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.explain.schema import EXPLAIN
from app.protocol.tracing import ExplainWanted, Explanation


@answers(EXPLAIN)
def _explain(run: Asked, wanted: ExplainWanted) -> Explanation:
    return run.tracer.explain(wanted)

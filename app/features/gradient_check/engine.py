"""Answers with central differences beside autograd."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.gradient_check.schema import GRADIENT_CHECK
from app.protocol.tracing import Gradcheck, GradcheckWanted


@answers(GRADIENT_CHECK)
def _gradient_check(run: Asked, wanted: GradcheckWanted) -> Gradcheck:
    return run.tracer.gradcheck(wanted)

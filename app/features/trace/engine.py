"""Answers with the tensors of one step."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.trace.schema import TRACE
from app.protocol.tracing import TraceWanted


@answers(TRACE)
def _trace(run: Asked, wanted: TraceWanted) -> bytes:
    return run.tracer.file(wanted, run.session.start.run)

"""Answers with the operations of one step."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.operations.schema import OPERATIONS
from app.protocol.tracing import Operations, Traced


@answers(OPERATIONS)
def _operations(run: Asked, wanted: Traced) -> Operations:
    return run.tracer.operations(wanted)

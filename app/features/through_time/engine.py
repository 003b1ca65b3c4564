"""Answers with what a recurrent layer holds at every step of time."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.through_time.schema import THROUGH_TIME
from app.protocol.through_time import ThroughTimeWanted


@answers(THROUGH_TIME)
def _through_time(run: Asked, wanted: ThroughTimeWanted) -> bytes:
    return run.tracer.through_time(wanted, run.session.start.run)

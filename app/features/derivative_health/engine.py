"""Answers with norms of derivatives at steps spread over the run."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features.derivative_health.schema import HEALTH
from app.protocol.health import DerivativeHealth, HealthWanted


@answers(HEALTH)
def _derivative_health(run: Asked, wanted: HealthWanted) -> DerivativeHealth:
    return run.history.answer(wanted.points)

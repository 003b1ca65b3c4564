"""Answers with the network's outputs at every point of a movement."""

from __future__ import annotations

from typing import Any

from app.engine.sweep import sweep
from app.features._answers import Asked, answers
from app.features.transform_sweep.schema import SWEEP, SweepWanted


@answers(SWEEP)
def _sweep(run: Asked, wanted: SweepWanted) -> dict[str, Any]:
    return sweep(run.trainer, run.prober, wanted.sample, wanted.sweep)

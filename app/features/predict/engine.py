"""Answers with what the present weights say of a sample."""

from __future__ import annotations

from typing import Any

from app.engine.predict import predict
from app.features._answers import Asked, answers
from app.features.predict.schema import PREDICT, PredictionWanted


@answers(PREDICT)
def _predict(run: Asked, wanted: PredictionWanted) -> tuple[dict[str, Any], bytes]:
    return predict(run.trainer, run.prober, wanted.sample, run.moment)

"""Answers with a sample as the next steps of training would see it."""

from __future__ import annotations

from app.engine.snapshots import serialise
from app.features._answers import Asked, answers
from app.features.augment.schema import AUGMENT, AugmentedWanted


@answers(AUGMENT)
def _augment(run: Asked, wanted: AugmentedWanted) -> bytes:
    made = run.trainer.augmented(wanted.sample, wanted.count)
    return b"".join(serialise({"inputs": made}, {}))

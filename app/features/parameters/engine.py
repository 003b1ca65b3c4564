"""Answers with the parameters after the newest step."""

from __future__ import annotations

from app.engine.snapshots import serialise
from app.features._answers import Asked, answers
from app.features._base import Nothing
from app.features.parameters.schema import PARAMETERS


@answers(PARAMETERS)
def _parameters(run: Asked, wanted: Nothing) -> bytes:
    facts = {"step": str(run.trainer.cursor.step), "branch": str(run.branch)}
    return b"".join(serialise(run.trainer.network.state_dict(), facts))

"""A sample predicted along a movement: the question and its answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from app.core.numbers import Number
from app.features._base import Question
from app.protocol.taps import FixedSample
from app.protocol.warp import Axis, Sweep
from app.spec.base import Strict

TURNED = {
    "sample": {"kind": "stored", "index": 0},
    "sweep": {"axis": "turn", "low": -30.0, "high": 30.0, "points": 61},
}


class SweepWanted(Strict):
    """A picture of the run's data set, or the values of one, and how it is to be moved."""

    sample: FixedSample
    sweep: Sweep


class SweepAnswer(BaseModel):
    """A row of answers for every value, with the present weights, in evaluation mode."""

    step: int
    axis: Axis
    values: list[float]
    answers: list[list[Number]]
    """Probabilities, or outputs where ``readout`` is raw: (values, outputs)."""
    labels: list[int | None] | None
    """The class decided at each value, null where an output is NaN; null for regression."""
    target: int | None
    """The right class, where it is known."""
    readout: Literal["softmax", "sigmoid", "raw"]


SWEEP = Question(
    name="sweep",
    asks=SweepWanted,
    answer=SweepAnswer,
    route="sweeps",
    summary="Predict one sample along a movement",
    about="""
    The answer for a picture that is turned, scaled, shifted, sheared or bent by each of up to 121
    amounts: one batch, so that a whole curve is one call.
    """,
    examples=(("turned from −30° to 30°", TURNED),),
    errors=(507,),
    check=lambda wanted: wanted.sweep.require(),
)

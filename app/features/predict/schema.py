"""A prediction: the question and its answer."""

from __future__ import annotations

from pydantic import BaseModel

from app.catalog.losses import Readout
from app.core.numbers import Number
from app.features._base import Question
from app.protocol.taps import AnySample
from app.spec.base import Strict


class PredictionWanted(Strict):
    """A sample of the run's data set, or the values of one."""

    sample: AnySample


class StepPrediction(BaseModel):
    """The answer at one step of a sequence: the class, the right one where it is known, and the
    likeliest classes, each with its probability (or output, where ``readout`` is raw). Where an output
    is NaN there is no class, and no likeliest one."""

    label: int | None
    target: int | None
    top: list[tuple[int, Number]]


class Prediction(BaseModel):
    """What the network says of one sample, with its present weights, in evaluation mode. ``label`` is
    null for a regression, and where an output is NaN: then nothing is decided.

    A network that learns to give back its input answers with that: ``outputs`` in the input's order
    and the ``loss`` of this one sample, which is null otherwise. One that gives a class at every step
    of a sequence answers in ``steps``, up to the end of the sample; ``outputs`` is empty then.
    """

    step: int
    outputs: list[Number]
    probabilities: list[Number] | None
    label: int | None
    readout: Readout
    loss: Number | None
    steps: list[StepPrediction] | None


PREDICT = Question(
    name="predict",
    asks=PredictionWanted,
    answer=Prediction,
    file="A float32 frame of every node's activation.",
    route="predictions",
    summary="Predict one sample",
    about="""
    With ``Accept: application/vnd.safetensors`` the answer is a float32 frame of every node's
    activation instead.
    """,
    examples=(("a validation sample", {"sample": {"kind": "stored", "index": 0}}),),
    errors=(507,),
)

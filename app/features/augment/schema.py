"""One sample, augmented: the question."""

from __future__ import annotations

from pydantic import Field

from app.features._base import Question
from app.protocol.taps import AnySample
from app.spec.base import Strict


class AugmentedWanted(Strict):
    """A sample, and for how many steps it is to be shown."""

    sample: AnySample
    count: int = Field(8, ge=1, le=64)


AUGMENT = Question(
    name="augment_sample",
    asks=AugmentedWanted,
    file="inputs (count, …)",
    route="augmented",
    summary="One sample, augmented",
    about="""
    The sample as it would enter each of the next steps of training, as a safetensors file.
    """,
    examples=(("eight steps", {"sample": {"kind": "stored", "index": 0}, "count": 8}),),
    errors=(507,),
)

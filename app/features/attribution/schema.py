"""The subject of an attribution, which the server asks for before it gives a job the order."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.taps import AnySample
from app.spec.base import Strict


class SubjectWanted(Strict):
    """The sample whose prediction is attributed."""

    sample: AnySample


SUBJECT = Question(
    name="attribution_subject",
    asks=SubjectWanted,
    file="The present weights, and the sample's input.",
)

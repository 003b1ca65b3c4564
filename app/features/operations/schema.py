"""A step's operations: the question and its answer."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.tracing import Operations, Traced

OPERATIONS = Question(
    name="operations",
    asks=Traced,
    answer=Operations,
    route="operations",
    tag="microscope",
    summary="List a step's operations",
    about="""
    In order: forward through each layer, the loss, backward through each layer, the update of
    each parameter; each with a sentence that says what happens.
    """,
    examples=(("the coming step", {}), ("an earlier step", {"step": 10})),
)

"""Gradients checked: the question and its answer."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.tracing import Gradcheck, GradcheckWanted

GRADIENT_CHECK = Question(
    name="gradcheck",
    asks=GradcheckWanted,
    answer=Gradcheck,
    route="gradcheck",
    tag="microscope",
    summary="Check gradients",
    about="""
    Central differences in float64 against autograd. The run waits meanwhile, at most about half
    a minute; ``complete`` says whether everything that was asked for has been checked.
    """,
    examples=(("one layer", {"node": "conv1"}), ("all", {})),
)

"""A recurrent layer through time: the question."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.through_time import ThroughTimeWanted

THROUGH_TIME = Question(
    name="through_time",
    asks=ThroughTimeWanted,
    file="Tensors named node.state, node.state.sensitivity …",
    route="through_time",
    tag="microscope",
    summary="Look at a recurrent layer through time",
    about="""
    Of one sample: what the layer holds at every step, ∂E/∂(it) with all that flows back from later
    steps and its norm, δ at the net inputs (``weight.delta``), and ``matrix.h``: |∂E_τ/∂h_t|, a row
    for every τ of ``rows``. Of the whole pass: ``weight.contribution``, the norm of every step's term
    of a gradient. Long sequences have fewer rows, evenly spread.
    """,
    examples=(
        ("everything", {"node": "lstm1"}),
        ("the matrix of one sample", {"node": "lstm1", "sample": 3, "roles": ["matrix"]}),
        (
            "what the first step gives to a gradient",
            {"node": "lstm1", "contribution": {"tensor": "lstm1.weight_hh_l0", "time": 0}},
        ),
    ),
)

"""One number explained: the question and its answer."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.tracing import ExplainWanted, Explanation

EXPLAIN = Question(
    name="explain",
    asks=ExplainWanted,
    answer=Explanation,
    route="explain",
    tag="microscope",
    summary="Explain one number",
    about="""
    The number from PyTorch, and the same as a sum of terms with the place of every factor. A
    place can be asked for in turn, so that a number is followed back to the input and forward to
    the loss. The 200 largest terms are listed; the rest is one sum.
    """,
    examples=(
        (
            "a cell of a map",
            {"cell": {"role": "activation", "node": "conv1", "sample": 0, "index": [0, 3, 4]}},
        ),
        (
            "its sensitivity, as the chapter has it",
            {
                "cell": {"role": "sensitivity", "node": "conv1", "sample": 0, "index": [0, 3, 4]},
                "form": "sum",
            },
        ),
        (
            "a weight's gradient",
            {
                "cell": {
                    "role": "gradient",
                    "node": "conv1",
                    "tensor": "weight",
                    "index": [0, 0, 2, 2],
                }
            },
        ),
        (
            "a weight's update",
            {
                "cell": {
                    "role": "update",
                    "node": "conv1",
                    "tensor": "weight",
                    "index": [0, 0, 2, 2],
                }
            },
        ),
        (
            "δ of a forget gate's net input at a step of time",
            {
                "cell": {
                    "role": "sensitivity",
                    "node": "lstm1",
                    "state": "u_f",
                    "time": 5,
                    "sample": 0,
                    "index": [7],
                }
            },
        ),
        ("the loss", {"cell": {"role": "loss"}}),
    ),
)

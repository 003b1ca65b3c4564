"""A trace of one step: the question. Its models are those that the tracer speaks."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.tracing import TraceWanted

TRACE = Question(
    name="trace",
    asks=TraceWanted,
    file="Tensors named node.activation, node.weight.gradient …",
    route="trace",
    tag="microscope",
    summary="Trace one step",
    about="""
    Every number of one step: outputs and sensitivities (∂E/∂output, batch mean) of all nodes,
    parameters, gradients, the parameters after the update and the optimiser's state. An earlier step
    is made again from the nearest snapshot, bit for bit.
    """,
    examples=(
        ("everything of the coming step", {}),
        (
            "the kernels' gradients at an earlier step",
            {"step": 10, "roles": ["gradient"], "nodes": ["conv1"], "precision": "float32"},
        ),
        (
            "two samples",
            {"samples": [{"kind": "stored", "index": 0}, {"kind": "stored", "index": 1}]},
        ),
    ),
)

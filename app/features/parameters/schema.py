"""The present parameters: asked for without a body."""

from __future__ import annotations

from app.features._base import Nothing, Question

PARAMETERS = Question(
    name="get_tensors",
    asks=Nothing,
    file="Every parameter, named node.weight …",
    route="tensors",
    method="GET",
    summary="Present parameters",
    about="""
    The parameters after the newest step, as a safetensors file.
    """,
    errors=(507,),
)

"""Numbers that mean the same to everybody: what is positive, and what JSON cannot say of a float."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema

Number = Annotated[
    float,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]},
            ]
        },
        mode="serialization",
    ),
]
"""May be NaN or infinite: the encoder writes ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""

TINY = 1e-30
"""The least that counts as more than zero: what is smaller is 0 to a float32, and a worker, which
flushes subnormal numbers, reads 5e-324 as 0 where the server reads a positive number."""

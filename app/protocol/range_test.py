"""The learning-rate range test as data: what is wanted, how far it is, and what it suggests."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from app.core.numbers import Number
from app.core.text import Text
from app.protocol.runs import Shown
from app.spec.base import Strict


class RangeWanted(Strict):
    """Raise η from ``low`` to ``high``, by the same factor after every one of ``batches`` batches."""

    low: float = Field(1e-5, ge=1e-9, le=10.0)
    high: float = Field(10.0, ge=1e-8, le=1000.0)
    batches: int = Field(100, ge=20, le=500)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.high < 10.0 * self.low:
            raise ValueError("high must be at least ten times low")
        return self


Verdict = Literal[
    "suggested",
    "nothing_to_train",
    "diverges_at_once",
    "flat",
    "noisy",
    "still_falling",
    "failed",
    "out_of_memory",
]


class RangeTest(Shown):
    """A test under way or at its end. The run itself is as it was.

    ``losses[i]`` is that of the batch after the step with ``rates[i]``; ``smoothed`` its running mean.
    """

    state: Literal["running", "finished", "cancelled"]
    branch: int
    step: int
    """Where the run was when the copy was made."""
    wanted: RangeWanted
    done: int
    """Batches made, of ``wanted.batches``."""
    rates: list[float]
    losses: list[Number]
    smoothed: list[Number]
    verdict: Verdict | None = None
    """Null as long as it runs."""
    suggestion: float | None = None
    """A rate to use: between where the loss falls fastest and a tenth of where it is lowest."""
    steepest: float | None = None
    """Where the smoothed loss falls fastest."""
    lowest: float | None = None
    """Where the smoothed loss is lowest."""
    reason: Text | None = None
    """What the verdict means, in words."""

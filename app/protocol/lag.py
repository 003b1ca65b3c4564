"""The lag experiment on the wire and on disk: what was asked, how far it is, what came of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from app.core.numbers import Number
from app.protocol.jobs import JobRecord
from app.spec.lag import Cell, LagSpec

SOLVED_ACCURACY = 0.99
SOLVED_ERROR = 0.01


class Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Reaching(Found):
    """How much of the gradient arrives at the first step of time, and at the last, where it starts.

    ‖∂E/∂x_t‖₂ of the input at that step, root mean square over 64 validation samples, E the loss of
    one sample; in float64.
    """

    first: Number
    last: Number
    share: Number
    """``first`` over ``last``: 1 where all of it arrives."""


class LagFinding(Found):
    """One cell over one lag. ``accuracy`` is null for adding, ``error`` (mean squared) for recall;
    both over the validation set. ``curve`` holds the one that is asked for after ``curve_steps``."""

    lag: int
    cell: Cell
    accuracy: Number | None
    error: Number | None
    solved: int | None
    """Steps after which accuracy was at least 0.99, or error below 0.01: training ended there."""
    steps: int
    """Steps made."""
    curve_steps: tuple[int, ...]
    curve: tuple[Number, ...]
    before: Reaching
    """With the initial weights."""
    after: Reaching
    """With those at the end."""
    seconds: float


class LagNow(Found):
    """What is being trained now."""

    lag: int
    cell: Cell
    step: int
    value: Number
    """Accuracy or error so far."""


class LagRecord(JobRecord):
    """One experiment; ``results`` come one by one, short lags first, and stay whatever happens."""

    spec: LagSpec
    total: int
    """Results when it is finished."""
    results: tuple[LagFinding, ...] = ()
    now: LagNow | None = None

"""Baselines on the wire and on disk: what was asked, how far it is, what came of it. Data only."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.text import Text
from app.spec.baseline import BaselineSpec

BaselineState = Literal["queued", "running", "finished", "failed", "interrupted"]


class BaselineResult(BaseModel):
    """Shares of right answers for classes; root mean squared errors for numbers; null for the other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: float | None
    """On the validation samples, all of them."""
    train_accuracy: float | None
    error: float | None
    train_error: float | None
    parameters: int
    """Numbers that are kept in order to predict."""
    inputs: int
    """Values of a sample laid flat."""
    train_samples: int
    """Those learnt from: fewer than there are where the limit of samples said so."""
    val_samples: int
    seconds: float
    """Of learning, on one thread."""
    converged: bool
    """False: it ended at its largest number of iterations."""
    library: str


class BaselineRecord(BaseModel):
    """One job. ``reason`` says why it failed or was interrupted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    state: BaselineState
    spec: BaselineSpec
    created: float
    started: float | None = None
    reason: Text | None = None
    result: BaselineResult | None = None

"""Baselines on the wire and on disk: what was asked, how far it is, what came of it. Data only."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from app.protocol.jobs import JobRecord
from app.spec.baseline import BaselineSpec


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


class BaselineRecord(JobRecord):
    """One job."""

    spec: BaselineSpec
    result: BaselineResult | None = None

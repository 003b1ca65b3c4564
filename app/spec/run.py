"""RunSpec: all that a run is made of before its first command."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field

from app.core.names import Name
from app.spec.base import Strict
from app.spec.model import AnyModel
from app.spec.training import TrainingSpec

Device = Literal["auto", "cpu", "cuda"]


class RunSpec(Strict):
    """Network, training, seed and device; with the command log it determines every number."""

    version: Literal[1] = 1
    name: Name = ""
    model: AnyModel
    training: TrainingSpec
    seed: int = Field(0, ge=0, le=2**31 - 1)
    device: Device = "auto"
    weights: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of a file of weights to start from, in place of those the seed would draw."""

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, without the name."""
        left_out = {"name"} if self.weights else {"name", "weights"}
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode()).hexdigest()

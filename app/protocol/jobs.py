"""Jobs beside the runs, as they are shown and kept: how far one is, and why it ended. Data only."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.text import Text

JobState = Literal["queued", "running", "finished", "failed", "stopped", "interrupted"]
GOING: frozenset[JobState] = frozenset({"queued", "running"})


class JobRecord(BaseModel):
    """What every job has. ``reason`` says why it failed or was interrupted."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    id: str = Field(pattern=r"^[0-9a-f]{16}$")
    state: JobState
    created: float
    started: float | None = None
    reason: Text | None = None

"""What a session starts from: the run, its folder, its log and the place to go on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.protocol.commands import AnyCommand, LoggedCommand
from app.spec.run import RunSpec


class Emitted(BaseModel):
    """Nothing is emitted again at or before these steps."""

    model_config = ConfigDict(frozen=True)

    metrics: int | None = None
    validation: int | None = None
    notes: tuple[str, ...] = ()
    """Codes of the notes on the branch: what was said is not said again."""


class Start(BaseModel):
    """The worker's first message. ``log`` holds the settings of the whole line of branches.

    ``folder`` is null for a session that keeps no snapshots. ``replay_to`` is the step to be at.
    """

    model_config = ConfigDict(frozen=True)

    run: str = ""
    spec: RunSpec
    folder: Path | None = None
    data_root: Path = Path()
    weights: Path | None = None
    """The file that ``spec.weights`` names."""
    device: str = "cpu"
    log: tuple[LoggedCommand, ...] = ()
    kept: tuple[AnyCommand, ...] = ()
    """What is to be done at once, in order: given while the run had no worker."""
    branch: int = Field(0, ge=0)
    snapshot: str | None = None
    replay_to: int | None = Field(None, ge=0)
    emitted: Emitted = Emitted()
    speed: float | None = Field(None, ge=1e-6)
    memory: int = Field(8 * 2**30, ge=0)
    """Address space that a CPU worker may take beyond what it starts with, in bytes."""


def parse_start(message: Mapping[str, Any]) -> Start:
    """The message as data; raises pydantic's ValidationError."""
    return Start.model_validate_json(json.dumps(message))

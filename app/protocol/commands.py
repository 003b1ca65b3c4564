"""Commands: what changes a run. Applied between two steps and logged with the step they took effect at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from app.spec.base import Strict
from app.spec.commands import (
    LARGEST_WEIGHT,
    EditWeight,
    Freeze,
    Hand,
    Restore,
    SetBatchSize,
    SetClipping,
    SetEpochs,
    SetGroups,
    SetLayer,
    SetLoss,
    SetOptimizer,
    SetSchedule,
    SetSpeed,
    Setting,
    Silence,
    Unfreeze,
    is_setting,
)

__all__ = [
    "COMMAND",
    "LARGEST_WEIGHT",
    "AnyCommand",
    "EditWeight",
    "Freeze",
    "Hand",
    "LoggedCommand",
    "Pause",
    "Play",
    "Restore",
    "Rewind",
    "SetBatchSize",
    "SetClipping",
    "SetEpochs",
    "SetGroups",
    "SetLayer",
    "SetLoss",
    "SetOptimizer",
    "SetSchedule",
    "SetSpeed",
    "Setting",
    "Silence",
    "Step",
    "Unfreeze",
    "is_setting",
]


class Play(Strict):
    """Train on; ``until`` is a step to pause at. At the end of the last epoch the run ends."""

    type: Literal["play"] = "play"
    until: int | None = Field(None, ge=0, le=2**53)


class Pause(Strict):
    """Stop after the step that is being made."""

    type: Literal["pause"] = "pause"


class Step(Strict):
    """Train ``count`` batches, or to the end of the ``count``-th epoch from here, then pause."""

    type: Literal["step"] = "step"
    unit: Literal["batch", "epoch"] = "batch"
    count: int = Field(1, ge=1, le=1_000_000)


class Rewind(Strict):
    """Go back to any earlier step of this branch, bit for bit, and pause there. 0 is a reset.

    Training on from there starts a new branch. After a reset the settings changed meanwhile are kept.
    """

    type: Literal["rewind"] = "rewind"
    step: int = Field(ge=0, le=2**53)


AnyCommand = Annotated[
    Play | Pause | Step | Rewind | Setting | SetSpeed, Field(discriminator="type")
]
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)


class LoggedCommand(Strict):
    """A command and the step it took effect at: after ``step`` steps had been made."""

    step: int = Field(ge=0)
    branch: int = Field(0, ge=0)
    command: AnyCommand

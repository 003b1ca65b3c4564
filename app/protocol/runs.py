"""A run as data: what the database keeps of it and what the interface shows. No behaviour."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from app.core.names import Line
from app.core.numbers import Number
from app.core.shapes import Shape
from app.core.text import Text
from app.protocol.events import State
from app.spec.run import RunSpec
from app.spec.settings import Settings


class Shown(BaseModel):
    """Frozen output; non-finite numbers become strings in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Branch(Shown):
    """One line of the run's history: it left ``parent`` after ``step`` steps."""

    branch: int
    parent: int | None
    step: int


class RunRecord(Shown):
    """What is stored of a run beside its events and snapshots."""

    id: str
    name: Line
    state: State
    reason: Text | None = None
    spec: RunSpec
    device: str
    branch: int = 0
    step: int = 0
    epoch: float = 0.0
    created: float
    """Seconds since 1970, as ``updated``."""
    updated: float
    last_seq: int = 0
    settings: Settings
    branches: tuple[Branch, ...] = (Branch(branch=0, parent=None, step=0),)
    unreadable: Text | None = None
    """What of it cannot be read any more; its spec and settings stand for nothing then, and it can
    only be deleted."""


class RunInfo(RunRecord):
    """A run as the interface shows it."""

    queue_position: int | None = None
    """1 is next; null when it does not wait."""
    viewers: int = 0


class Applied(Shown):
    """Where a command took effect, and the number of the newest stored event then.

    ``waiting``: the run has no worker yet; the command is kept and applied when it gets one.
    """

    step: int
    branch: int
    seq: int
    waiting: bool = False


class SnapshotInfo(Shown):
    """A snapshot on disk; ``sha256`` is that of its weights, as in the event ``snapshot``."""

    branch: int
    step: int
    bytes: int
    sha256: str
    time: float


class ValidationSeries(Shown):
    """Loss and accuracy over the validation set."""

    steps: list[int]
    loss: list[Number]
    accuracy: list[Number] | None


class RateSeries(Shown):
    """η as the schedule gave it, at the last step of each point."""

    steps: list[int]
    learning_rate: list[Number]


class MetricsSeries(Shown):
    """The curves of one branch from step 0, along the branches it came from.

    Each training point is the mean over ``count[i]`` steps that end at ``steps[i]``: a function of
    the step alone, whatever the speed, so that the same spec and seed give the same points.
    """

    branch: int
    steps: list[int]
    count: list[int]
    loss: list[Number]
    accuracy: list[Number] | None
    validation: ValidationSeries
    rates: RateSeries


class QueuePlace(Shown):
    """A run that waits for a free place on its device; ``position`` 1 is next."""

    run: str
    device: str
    position: int
    reason: Text
    """What it waits for: a place, memory, or those before it."""


class TensorInfo(Shown):
    """One tensor of a file."""

    name: str
    dtype: str
    shape: Shape


class WeightsInfo(Shown):
    """A file of weights that is kept; a spec's ``weights`` names it by ``sha256``."""

    sha256: str
    bytes: int
    tensors: list[TensorInfo]

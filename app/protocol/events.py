"""Events: what a run reports, numbered by the web process when they are stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.core.numbers import Number
from app.core.text import Text
from app.protocol.commands import AnyCommand
from app.protocol.postmortem import PostMortem
from app.spec.settings import Settings

State = Literal[
    "queued", "starting", "running", "paused", "finished", "parked", "interrupted", "failed"
]


class Event(BaseModel):
    """What all events share. ``branch`` counts up each time a run goes on from an earlier step."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    branch: int = 0
    step: int = 0


class StateChanged(Event):
    """The run is in another state; ``reason`` says why where that is not plain.

    ``kept`` are the commands that are followed when it has a worker, in order.
    """

    type: Literal["state"] = "state"
    state: State
    reason: Text | None = None
    device: str | None = None
    kept: tuple[AnyCommand, ...] = ()


class CommandApplied(Event):
    """A command took effect after ``step`` steps."""

    type: Literal["command"] = "command"
    command: AnyCommand
    settings: Settings | None = None
    """Those in force from here on; null in an event that was stored before they were told."""
    until_epoch: int | None = None
    """Of a step by epochs: after how many passes of the data it ends."""


class Rewound(Event):
    """The run is at ``step`` again. What follows belongs to ``branch``, which left ``parent`` there."""

    type: Literal["rewound"] = "rewound"
    parent: int
    epoch: float | None = None
    """Passed samples there, as a number of epochs; null in an event of before this was told."""
    settings: Settings | None = None
    """Those in force there; null in an event that was stored before they were told."""


class Metrics(Event):
    """Training metrics of the steps since the last such event (about every 100 ms).

    Each point is the mean over ``count[i]`` steps that end at ``steps[i]``. ``step`` is the newest.
    Where points end is fixed: each of the first 1,024 steps is one, then two steps together up to
    step 2,048, four up to 4,096 and so on. The last point of an event may still grow: a later point
    over the same steps and more takes its place, on a branch that was left in its middle too.
    ``accuracy`` is the share of right answers in the batches, null for regression.
    ``epoch`` is the fraction of the data passed; ``samples_per_second`` a moving average.
    """

    type: Literal["metrics"] = "metrics"
    steps: list[int]
    count: list[int]
    loss: list[Number]
    accuracy: list[Number] | None = None
    gradient: dict[str, Number] = {}
    """Norm of ∂E/∂W per node at the newest step, before any clipping; absent until there is one."""
    learning_rate: Number | None = None
    """η of the newest step: that of the optimiser times the share that the schedule gives."""
    rates: list[Number] | None = None
    """The same for the last step of each point; null in a diary of before this was said."""
    epoch: float
    samples_per_second: float
    seconds_left: float | None = None


class Validation(Event):
    """Loss and accuracy over the whole validation set, with the weights after ``step`` steps.

    ``loss`` is the mean over all samples, or over all counted steps of sequences, however they were
    cut into parts. Where the loss is a sum over a batch (½ΣΣ), it is the sum over the set times
    batch size over samples: what a full batch of average samples has. ``train_loss`` is the same of
    the epoch that has ended, with the weights as they were at each batch.
    """

    type: Literal["validation"] = "validation"
    epoch: float
    loss: Number
    accuracy: Number | None = None
    train_loss: Number | None = None
    train_accuracy: Number | None = None


class SnapshotTaken(Event):
    """A snapshot of ``step`` is on disk and verified."""

    type: Literal["snapshot"] = "snapshot"
    sha256: str
    bytes: int


class Note(Event):
    """A sentence to the user, for instance that the loss became NaN, and where."""

    type: Literal["note"] = "note"
    code: str
    message: Text
    node: str | None = None
    params: dict[str, Any] = {}
    post_mortem: PostMortem | None = None
    """With the code ``diverged``: what broke first, and what led to it."""


AnyEvent = Annotated[
    StateChanged | CommandApplied | Rewound | Metrics | Validation | SnapshotTaken | Note,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class StoredEvent(BaseModel):
    """An event with its run and its number: 1, 2, 3, … as they happen.

    Stored metrics whose steps newer ones cover, with all their points, are dropped: then the numbers
    from ``since`` on that are missing before this event were theirs. No other number is ever missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    run: str
    seq: int
    time: float
    """Seconds since 1970."""
    event: AnyEvent
    since: int | None = None
    """The first number of the metrics that this event took the place of; null if there are none."""

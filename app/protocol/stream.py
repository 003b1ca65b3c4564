"""The messages of the one WebSocket a tab has: ``/api/v1/stream``. Text is JSON, binary is a frame.

A binary message is a safetensors file; see :mod:`app.protocol.frames`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.core.text import Text
from app.protocol.events import StoredEvent
from app.protocol.taps import Tap
from app.spec.base import Strict

LARGEST_NUMBER = 2**53
"""Up to here every program counts in ones."""


class Subscribe(Strict):
    """Send this run's events after number ``after``, then as they come. Beyond the last event there is
    nothing to go on from: the answer is :class:`Reset`."""

    type: Literal["subscribe"] = "subscribe"
    run: str = Field(max_length=32)
    after: int = Field(0, ge=0, le=LARGEST_NUMBER)


class Unsubscribe(Strict):
    """Send nothing more of this run."""

    type: Literal["unsubscribe"] = "unsubscribe"
    run: str = Field(max_length=32)


class Watch(Strict):
    """Replace this tab's taps on a run it is subscribed to; an empty list ends all frames."""

    type: Literal["watch"] = "watch"
    run: str = Field(max_length=32)
    taps: tuple[Tap, ...] = Field((), max_length=4)


class Acknowledge(Strict):
    """This frame has been drawn. At most two frames stay unacknowledged."""

    type: Literal["ack"] = "ack"
    frame: int = Field(ge=0, le=LARGEST_NUMBER)


class Visibility(Strict):
    """A hidden tab gets no frames."""

    type: Literal["visibility"] = "visibility"
    visible: bool


ClientMessage = Annotated[
    Subscribe | Unsubscribe | Watch | Acknowledge | Visibility, Field(discriminator="type")
]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Hello(Wire):
    """First message: the server's version, so that a tab can see that it is outdated."""

    type: Literal["hello"] = "hello"
    version: str


class Events(Wire):
    """Stored events of one run, in order; none is missing but metrics that newer ones replaced."""

    type: Literal["events"] = "events"
    run: str
    events: list[StoredEvent]


class Refused(Wire):
    """A message of this tab could not be followed; the socket stays open."""

    type: Literal["refused"] = "refused"
    code: str
    message: Text
    run: str | None = None


class Reset(Wire):
    """The run has fewer events than this tab has seen, as after a restored backup: what the tab shows is
    another past. It loads the run anew; the events after number ``last`` follow."""

    type: Literal["reset"] = "reset"
    run: str
    last: int


class Held(Wire):
    """The run makes no step though nobody paused it, as while the disk is full; null: it goes on. Nothing
    can be stored meanwhile, so this is no event and has no number."""

    type: Literal["held"] = "held"
    run: str
    reason: Text | None


ServerMessage = Annotated[Hello | Events | Refused | Reset | Held, Field(discriminator="type")]

CLOSE_BAD_MESSAGE = 4400
CLOSE_TOO_SLOW = 4408
CLOSE_TOO_FAST = 4420
"""More messages than a tab can mean, for longer than a moment."""
CLOSE_TOO_MANY = 4429

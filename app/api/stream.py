"""The WebSocket of a tab: reads its messages, and lets its viewer send. Keeps no state of runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter
from pydantic import ValidationError
from pydantic_core import from_json
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.api import errors
from app.api.bodies import depth, validated
from app.api.connections import neighbourhood
from app.api.context import Context, Here
from app.api.limits import Bucket, Limits
from app.api.refusals import TooManyViewers, UpgradeNeeded
from app.core import invalid
from app.protocol.stream import (
    CLIENT_MESSAGE,
    CLOSE_BAD_MESSAGE,
    CLOSE_TOO_FAST,
    CLOSE_TOO_MANY,
    Acknowledge,
    ClientMessage,
    Hello,
)
from app.runs.viewer import Viewer

router = APIRouter()
LONGEST_NAME = 32
OUT_OF_RANGE = frozenset(
    {"greater_than_equal", "less_than_equal", "string_too_long", "too_long", "int_parsing_size"}
)
"""Misfits of a message about a run: it is refused, and the tab goes on."""


LIMITS = Limits()
TOO_FAST = "more messages than a tab can mean"


class BadMessage(Exception):
    """The tab is not followed any further: ``code`` and ``reason`` of the close say why."""

    def __init__(self, code: int = CLOSE_BAD_MESSAGE, reason: str = "") -> None:
        self.code = code
        self.reason = reason


@router.get("/stream", include_in_schema=False)
async def refuse_plain() -> None:
    """The address is known, but speaks another protocol."""
    raise UpgradeNeeded


@router.websocket("/stream")
async def stream(socket: WebSocket, here: Here) -> None:
    """Text messages are JSON, binary ones tensor frames; see :mod:`app.protocol.stream`."""
    with suppress(WebSocketDisconnect):  # it left before it was greeted
        await _welcome(socket, here)


async def _welcome(socket: WebSocket, here: Context) -> None:
    await socket.accept()
    if here.sockets >= here.max_viewers:
        await socket.close(CLOSE_TOO_MANY, errors.short(TooManyViewers(limit=here.max_viewers)))
        return
    here.sockets += 1
    try:
        await _serve(socket, here)
    finally:
        here.sockets -= 1


async def _serve(socket: WebSocket, here: Context) -> None:
    """Two tasks a tab: one reads, one lets the viewer send. Either one's end is the end of both."""
    await socket.send_text(Hello(version=here.version).model_dump_json())
    viewer = here.runs.attach(socket, neighbourhood(socket.client.host if socket.client else ""))
    reading = asyncio.create_task(_read(socket, viewer, here.max_depth), name="stream reader")
    sending = asyncio.create_task(viewer.serve(), name="stream sender")
    try:
        await asyncio.wait((reading, sending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        viewer.close()
        for task in (reading, sending):
            task.cancel()
        await asyncio.wait((reading, sending))
    ends = [task.exception() for task in (reading, sending) if not task.cancelled()]
    for end in ends:
        if isinstance(end, BadMessage):
            await _close(socket, end.code, end.reason)
    for end in ends:
        if end is not None and not isinstance(end, BadMessage | WebSocketDisconnect):
            raise end


async def _read(socket: WebSocket, viewer: Viewer, deepest: int) -> None:
    pace = _Pace()
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        given = message.get("text")
        if given is None or depth(given.encode()) > deepest:
            raise BadMessage
        try:
            parsed = validated(CLIENT_MESSAGE, given.encode("utf-8", "surrogatepass"))
        except ValidationError as error:
            if not _refused(viewer, given, error):
                raise BadMessage from error
            await pace.keep(None)
            continue
        await pace.keep(parsed)
        await viewer.receive(parsed)


class _Pace:
    """A tab that sends more than it can mean is answered more slowly; one that goes on is closed."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._bucket = Bucket(LIMITS.message_rate, LIMITS.message_burst, self._now())
        self._held_since: float | None = None

    async def keep(self, message: ClientMessage | None) -> None:
        """Wait until this message (None: one that is refused) may be followed; others have their turn in any case."""
        cost = 1 if isinstance(message, Acknowledge) else LIMITS.message_costs
        wait = self._bucket.take(cost, self._now())
        if not wait:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = self._now()
        elif self._now() - self._held_since > LIMITS.flood_seconds:
            raise BadMessage(CLOSE_TOO_FAST, TOO_FAST)
        await asyncio.sleep(wait)


def _refused(viewer: Viewer, given: str, error: ValidationError) -> bool:
    """Whether it is a message about a run whose numbers only are out of range: that is said in words."""
    body = given.encode("utf-8", "surrogatepass")
    problems = invalid.problems(error, body)
    run = from_json(body).get("run") if all(one.code in OUT_OF_RANGE for one in problems) else None
    if not isinstance(run, str):
        return False
    viewer.refuse(problems[0], run[:LONGEST_NAME])
    return True


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code, reason)

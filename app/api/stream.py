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
from app.api.context import Context, Here
from app.api.refusals import TooManyViewers, UpgradeNeeded
from app.core import invalid
from app.protocol.stream import CLIENT_MESSAGE, CLOSE_BAD_MESSAGE, CLOSE_TOO_MANY, Hello
from app.runs.viewer import Viewer

router = APIRouter()
LONGEST_NAME = 32
OUT_OF_RANGE = frozenset(
    {"greater_than_equal", "less_than_equal", "string_too_long", "too_long", "int_parsing_size"}
)
"""Misfits of a message about a run: it is refused, and the tab goes on."""


class BadMessage(Exception):
    """The tab sent something that is no message."""


@router.get("/stream", include_in_schema=False)
async def refuse_plain() -> None:
    """The address is known, but speaks another protocol."""
    raise UpgradeNeeded


@router.websocket("/stream")
async def stream(socket: WebSocket, here: Here) -> None:
    """Text messages are JSON, binary ones tensor frames; see :mod:`app.protocol.stream`."""
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
    viewer = here.runs.attach(socket)
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
    if any(isinstance(end, BadMessage) for end in ends):
        await _close(socket, CLOSE_BAD_MESSAGE)
    for end in ends:
        if end is not None and not isinstance(end, BadMessage | WebSocketDisconnect):
            raise end


async def _read(socket: WebSocket, viewer: Viewer, deepest: int) -> None:
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
            continue
        await viewer.receive(parsed)


def _refused(viewer: Viewer, given: str, error: ValidationError) -> bool:
    """Whether it is a message about a run whose numbers only are out of range: that is said in words."""
    body = given.encode("utf-8", "surrogatepass")
    problems = invalid.problems(error, body)
    run = from_json(body).get("run") if all(one.code in OUT_OF_RANGE for one in problems) else None
    if not isinstance(run, str):
        return False
    viewer.refuse(problems[0], run[:LONGEST_NAME])
    return True


async def _close(socket: WebSocket, code: int) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code)

"""The conversation with one worker: requests with numbers and answers, messages handed on, its end.

Knows no run: what arrives goes to a :class:`Listener`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from app.core.errors import Conflict, GlassnetError
from app.core.text import Text, text
from app.protocol.events import EVENT, AnyEvent
from app.protocol.wire import Message, WireError, encode, read_message
from app.runs.exits import Cause, WorkerLost, WorkerSlow, caused, ended, refusal
from app.runs.interfaces import WorkerProcess
from app.runs.pulse import Pulse, Sign

READ_BUFFER = 2**20
LOOK = 1.0
"""Seconds between two looks at a worker. A heartbeat comes every two."""
LOOKS = 6
"""Looks at least until a worker without a word counts as stalled, where that is asked for sooner."""
STOPPED_LOOKS, STILL_LOOKS = 2, 4
"""Looks in a row that find a silent worker stopped, or doing nothing, after which it is ended."""
KILL_PATIENCE = 2.0
"""Seconds that the end of a killed worker may take to be noticed."""
MAX_REQUESTS = 64
_BUSY = text("too many requests wait for this run.", "该运行有太多请求在等待。")
_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who a worker's messages are for. No call may wait."""

    def on_event(self, event: AnyEvent) -> None: ...

    def on_frame(self, key: str, frame: bytes) -> None: ...

    async def before_answer(self) -> None:
        """Awaited before an answer is given out: the events before it are stored then."""


class Link:
    """One worker from its start to its end. ``closed`` is set at the end; ``reason`` says why."""

    def __init__(self, process: WorkerProcess, listener: Listener, stall_after: float) -> None:
        self.process = process
        self.closed = asyncio.Event()
        self.ready = asyncio.Event()
        self.reason: Text | None = None
        """None after an end that was asked for."""
        self.crash_code: str | None = None
        """Code of the error that the worker itself reported."""
        self.cause: Cause | None = None
        """Why the web process ended it, if it did so."""
        self._listener = listener
        self._stall_after = stall_after
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._number = 0
        self._heard = False
        self._stopping = False
        self._closing = False
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ending(self) -> bool:
        """Asked to end, or at its end: it takes no more requests."""
        return self._stopping or self.closed.is_set()

    async def open(self) -> None:
        """Begin to listen; the first message is to be sent next."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(
                sock=self.process.sock, limit=READ_BUFFER
            )
        except BaseException:
            self.process.sock.close()
            self.process.kill()
            raise
        self._tasks = [
            asyncio.create_task(self._listen(reader), name="worker link"),
            asyncio.create_task(self._watch(), name="worker watchdog"),
        ]

    def send(self, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """A message without an answer; lost if the worker is gone or going.

        A transport that is closing takes nothing more: writing to it would raise.
        """
        writer = self._writer
        if writer is not None and not writer.is_closing() and not self.closed.is_set():
            writer.write(encode(dict(message), payload))

    def request(
        self, message: Mapping[str, Any], patience: float, payload: bytes = b""
    ) -> Coroutine[Any, Any, Message]:
        """A message, which is sent at once, and its answer, to be awaited.

        Raises what the worker refused with, WorkerLost or WorkerSlow.
        """
        if self.ending:
            raise self._lost()
        if len(self._answers) >= MAX_REQUESTS:
            raise Conflict(reason=_BUSY)
        self._number += 1
        number = self._number
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        self.send({**message, "id": number}, payload)
        return self._answered(number, answer, patience)

    async def _answered(
        self, number: int, answer: asyncio.Future[Message], patience: float
    ) -> Message:
        try:
            async with asyncio.timeout(patience):
                header, payload = await answer
                await self._listener.before_answer()
                if self.reason is not None:
                    raise self._lost()
        except TimeoutError as error:
            raise WorkerSlow(seconds=round(patience)) from error
        finally:
            self._answers.pop(number, None)
        if header["type"] == "failed":
            refused = refusal(header["error"])
            if refused.status >= 500:  # a fault of ours, which the person is told of in words only
                detail = header["error"].get("detail")
                _log.error("look failed", code=refused.code, said=refused.text.en, detail=detail)
            raise refused
        return header, payload

    def refuse(self, error: GlassnetError) -> None:
        """Nobody is to wait for an answer any longer."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)

    async def stop(self, patience: float) -> None:
        """Ask it to keep what it has and end; after ``patience`` seconds it is killed."""
        self._stopping = True
        self.send({"type": "stop"})
        try:
            async with asyncio.timeout(patience):
                await self.closed.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once. One that the system cannot end (its disk hangs) is not waited for."""
        self._stopping = True
        self.process.kill()
        try:
            async with asyncio.timeout(KILL_PATIENCE):
                await self.closed.wait()
        except TimeoutError:
            await self._close()

    def condemn(self, cause: Cause, **params: Any) -> None:
        """End it at once, with a reason to be told; nothing that it still says counts."""
        self._stopping = True
        if self.reason is None:
            self.cause, self.reason = cause, caused(cause, **params)
        self.process.kill()

    # --- listening ----------------------------------------------------------------------------

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                header, payload = await read_message(reader)
                self._heard = True
                self._handle(header, payload)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (WireError, ValueError, KeyError, TypeError) as error:
            _log.error("worker not understood", error=str(error)[:500])
            self.condemn("garbled")
        except Exception:
            _log.exception("worker message not handled")
            self.condemn("garbled")
        finally:
            await self._close()

    def _handle(self, header: dict[str, Any], payload: bytes) -> None:
        kind = header["type"]
        if kind == "event":
            self._listener.on_event(EVENT.validate_json(json.dumps(header["event"])))
        elif kind == "frame":
            self._listener.on_frame(str(header["key"]), payload)
        elif kind in ("done", "failed", "reply"):
            answer = self._answers.get(header["id"])
            if answer is not None and not answer.done():
                answer.set_result((header, payload))
        elif kind == "ready":
            self.ready.set()
        elif kind == "crashed":
            error = header["error"]
            self.crash_code = str(error["code"])
            self.reason = Text.model_validate(error["message"])
            _log.error("worker crashed", code=self.crash_code, detail=error.get("detail"))
        elif kind != "heartbeat":
            raise WireError(f"message of type {kind!r}")

    async def _watch(self) -> None:
        """Counts looks instead of time, so that a machine that slept finds nobody stalled."""
        pause = min(LOOK, self._stall_after / LOOKS)
        pulse, silent, spoke = Pulse(self.process.pid), 0, False
        signs = dict.fromkeys(Sign, 0)
        while silent * pause < self._stall_after:
            await asyncio.sleep(pause)
            spoke = spoke or self._heard
            silent = 0 if self._heard else silent + 1
            self._heard = False
            now = pulse.look() if silent else Sign.WORKING
            signs = {sign: count + 1 if sign is now else 0 for sign, count in signs.items()}
            if signs[Sign.STOPPED] >= STOPPED_LOOKS:
                return self.condemn("stopped")
            if spoke and signs[Sign.STILL] >= STILL_LOOKS:
                break  # before its first word it may wait for a device
        return self.condemn("stalled", seconds=round(silent * pause))

    async def _close(self) -> None:
        """The socket ended: learn how the process did, and let everybody who waits know."""
        if self._closing:
            return
        self._closing = True
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(KILL_PATIENCE):
                    await self._writer.wait_closed()
        status = None
        with suppress(TimeoutError):
            async with asyncio.timeout(KILL_PATIENCE):
                status = await self.process.wait()
        asked = self._stopping and status in (0, -9, None)
        if self.reason is None and not asked:
            self.reason = ended(status)
        self.closed.set()
        self.refuse(self._lost())

    def _lost(self) -> GlassnetError:
        return WorkerLost(reason=self.reason or ended(None))


def _seen(answer: asyncio.Future[Message]) -> None:
    """Whoever asked may have gone: an error that nobody takes is nobody's."""
    if not answer.cancelled():
        answer.exception()

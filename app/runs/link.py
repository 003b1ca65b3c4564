"""The conversation with one worker: requests with numbers and answers, messages handed on, its end.

Knows no run: what arrives goes to a :class:`Listener`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from app.core.errors import Conflict, GlassnetError
from app.core.text import Text, text
from app.protocol.events import EVENT, AnyEvent
from app.protocol.wire import Message, WireError, encode, read_message
from app.runs.exits import WorkerLost, WorkerSlow, caused, ended, refusal
from app.runs.interfaces import WorkerProcess

READ_BUFFER = 2**20
CHECKS = 6
"""Looks without a word from the worker after which it counts as stalled."""
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
        self._listener = listener
        self._stall_after = stall_after
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._number = 0
        self._heard = False
        self._stopping = False
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ending(self) -> bool:
        """Asked to end, or at its end: it takes no more requests."""
        return self._stopping or self.closed.is_set()

    async def open(self, start: Mapping[str, Any]) -> None:
        """Say the first message and begin to listen."""
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
        self.send(start)

    def send(self, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """A message without an answer; lost if the worker is gone."""
        if self._writer is not None and not self.closed.is_set():
            self._writer.write(encode(dict(message), payload))

    async def request(
        self, message: Mapping[str, Any], patience: float, payload: bytes = b""
    ) -> Message:
        """A message and its answer. Raises what the worker refused with, WorkerLost or WorkerSlow."""
        if self.ending:
            raise self._lost()
        if len(self._answers) >= MAX_REQUESTS:
            raise Conflict(reason=_BUSY)
        self._number += 1
        number = self._number
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.send({**message, "id": number}, payload)
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
        """End it at once."""
        self._stopping = True
        self.process.kill()
        await self.closed.wait()

    def condemn(self, reason: Text) -> None:
        """End it at once, with a reason to be told; nothing that it still says counts."""
        self._stopping = True
        self.reason = self.reason or reason
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
            self.condemn(caused("garbled"))
        except Exception:
            _log.exception("worker message not handled")
            self.condemn(caused("garbled"))
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
        silent = 0
        while silent < CHECKS:
            await asyncio.sleep(self._stall_after / CHECKS)
            silent = 0 if self._heard else silent + 1
            self._heard = False
        self.condemn(caused("stalled", seconds=round(self._stall_after)))

    async def _close(self) -> None:
        """The socket ended: learn how the process did, and let everybody who waits know."""
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        status = await self.process.wait()
        asked = self._stopping and status in (0, -9, None)
        if self.reason is None and not asked:
            self.reason = ended(status)
        self.closed.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(self._lost())
                answer.exception()

    def _lost(self) -> GlassnetError:
        return WorkerLost(reason=self.reason or ended(None))

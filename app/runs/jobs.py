"""Work that needs torch but no run: a worker is started for it, answers once and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from app.core.errors import GlassnetError
from app.core.text import text
from app.protocol.events import AnyEvent
from app.runs.exits import NotYet
from app.runs.interfaces import Runner
from app.runs.link import Link

PATIENCE = 120.0
SOON = 4.0
"""Seconds that a job waits for its place and its worker."""
AT_ONCE = 2
"""Jobs that go on at a time; others wait."""
_BUSY = text(
    "other files are being made, or no worker is ready yet. Ask again in a few seconds.",
    "正在生成其他文件，或工作进程尚未就绪，请几秒后重试。",
)


class Jobs:
    """Starts workers on the CPU, one a job."""

    def __init__(self, runner: Callable[[], Runner], stall_after: float) -> None:
        self._runner = runner
        self._stall_after = stall_after
        self._places = asyncio.Semaphore(AT_ONCE)
        self._links: set[Link] = set()

    async def do(self, message: Mapping[str, Any], payload: bytes = b"") -> bytes:
        """The worker's answer. Raises NotYet where none can begin soon; what the worker refused
        with, NoWorker, WorkerLost or WorkerSlow."""
        link = await self._begin()
        try:
            return (await link.request(message, PATIENCE, payload))[1]
        finally:
            self._links.discard(link)
            self._places.release()
            await asyncio.shield(link.kill())

    def refuse(self, error: GlassnetError) -> None:
        """The server ends: whoever waits for a job is told so at once."""
        for link in self._links:
            link.refuse(error)

    async def _begin(self) -> Link:
        """A place and a worker for it."""
        try:
            async with asyncio.timeout(SOON):
                await self._places.acquire()
                try:
                    link = Link(await self._runner().spawn(), _Nobody(), self._stall_after)
                    await link.open()
                except BaseException:
                    self._places.release()
                    raise
        except TimeoutError as error:
            raise NotYet(reason=_BUSY) from error
        self._links.add(link)
        link.send({"type": "job"})
        return link


class _Nobody:
    """A job has no events and no frames."""

    def on_event(self, event: AnyEvent) -> None:
        """Nobody listens."""

    def on_frame(self, key: str, frame: bytes) -> None:
        """Nobody looks."""

    async def before_answer(self) -> None:
        """There is nothing to store."""

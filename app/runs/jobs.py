"""Work that needs torch but no run: a worker is started for it, answers once and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from app.protocol.events import AnyEvent
from app.runs.interfaces import Runner
from app.runs.link import Link

PATIENCE = 120.0
AT_ONCE = 2
"""Jobs that go on at a time; others wait."""


class Jobs:
    """Starts workers on the CPU, one a job."""

    def __init__(self, runner: Callable[[], Runner], stall_after: float) -> None:
        self._runner = runner
        self._stall_after = stall_after
        self._places = asyncio.Semaphore(AT_ONCE)

    async def do(self, message: Mapping[str, Any], payload: bytes = b"") -> bytes:
        """The worker's answer; raises what it refused with, NoWorker, WorkerLost or WorkerSlow."""
        async with self._places:
            process = await self._runner().spawn()
            link = Link(process, _Nobody(), self._stall_after)
            await link.open({"type": "job"})
            try:
                return (await link.request(message, PATIENCE, payload))[1]
            finally:
                await asyncio.shield(link.kill())


class _Nobody:
    """A job has no events and no frames."""

    def on_event(self, event: AnyEvent) -> None:
        """Nobody listens."""

    def on_frame(self, key: str, frame: bytes) -> None:
        """Nobody looks."""

    async def before_answer(self) -> None:
        """There is nothing to store."""

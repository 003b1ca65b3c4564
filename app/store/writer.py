"""Collects what all runs append into few transactions. Owns no table's meaning."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
Commit = Callable[[Sequence[T]], Awaitable[None]]


class BatchWriter(Generic[T]):
    """``append`` returns once its item is committed. A few transactions after a rest go at once;
    under load there is one per ``window`` seconds on average."""

    def __init__(self, commit: Commit[T], window: float = 0.05, burst: int = 4) -> None:
        self._commit = commit
        self._period = window * burst
        self._recent: deque[float] = deque(maxlen=burst)
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="store writer")

    async def append(self, item: T) -> None:
        """Raises what the database raised for this item; nothing of it is stored then."""
        if self._task is None or self._closing:
            raise RuntimeError("the store is closed")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._wake.set()
        await done

    async def close(self) -> None:
        """Commit what waits, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def _loop(self) -> None:
        loop = asyncio.get_running_loop()
        while not (self._closing and not self._waiting):
            await self._wake.wait()
            full = len(self._recent) == self._recent.maxlen
            rest = self._recent[0] + self._period - loop.time() if full else 0.0
            if rest > 0 and not self._closing:
                await asyncio.sleep(rest)
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            self._recent.append(loop.time())
            await self._write(batch)

    async def _write(self, batch: list[tuple[T, asyncio.Future[None]]]) -> None:
        if not batch:
            return
        try:
            await self._commit([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                # One bad item (a run that was just deleted) must not take the others with it.
                for one in batch:
                    await self._write([one])
            else:
                _settle(batch[0][1], error)
        else:
            for _, done in batch:
                _settle(done, None)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)

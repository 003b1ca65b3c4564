"""Numbers the events of one run without gaps, stores them, then publishes them. Starts no worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from app.core.text import Text
from app.protocol.commands import AnyCommand
from app.protocol.events import AnyEvent, State, StateChanged, StoredEvent
from app.protocol.runs import RunRecord
from app.runs.interfaces import RunStore
from app.runs.progress import Log, Progress

Entry = AnyEvent | Callable[[RunRecord], AnyEvent]
"""An event, or what makes it of the run as it is when its turn comes."""
Publish = Callable[[list[StoredEvent]], None]
Broken = Callable[[Exception], None]
_RETRIES = (0.1, 0.5, 2.0)
_log = structlog.get_logger(__name__)


class Journal:
    """``put`` takes events in order and returns at once; they are published once committed.

    If the store keeps failing, what waits is dropped, ``broken`` is called, and numbering goes on
    after the last event that is stored.
    """

    def __init__(
        self, store: RunStore, progress: Progress, publish: Publish, broken: Broken
    ) -> None:
        self.record = progress.record
        """The run as it is stored and published."""
        self._progress = progress
        self._store = store
        self._publish = publish
        self._broken = broken
        self._waiting: list[Entry] = []
        self._put = 0
        self._done = 0
        self._watchers: list[tuple[int, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def put(self, *events: Entry) -> None:
        if self._closed or not events:
            return
        self._waiting += events
        self._put += len(events)
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="journal")

    @property
    def log(self) -> Log:
        """The settings along the lineage of the current branch."""
        return self._progress.log

    def override(self, record: RunRecord) -> None:
        """Be as told, though nothing of it is stored."""
        self.record = self._progress.record = record

    async def settled(self) -> None:
        """Returns when everything that was put before is stored and published (or dropped).

        What is put meanwhile is not waited for: a run that trains is never quiet.
        """
        if self._done < self._put:
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.append((self._put, watcher))
            await watcher

    async def close(self) -> None:
        """Take no more events; what was taken is stored first."""
        self._closed = True
        await self.settled()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._write(batch)
                self._settle(self._put - len(self._waiting))
        finally:
            self._task = None
            self._settle(self._put)

    def _settle(self, done: int) -> None:
        self._done = done
        for put, watcher in self._watchers:
            if put <= done and not watcher.done():
                watcher.set_result(None)
        self._watchers = [(put, watcher) for put, watcher in self._watchers if put > done]

    async def _write(self, batch: list[Entry]) -> None:
        before = self._progress.record, self._progress.log
        stored = self._number(batch)
        if not stored:
            return
        try:
            await self._append(stored)
        except Exception as error:
            _log.error("events not stored", run=before[0].id, events=len(stored), error=str(error))
            self._progress.record, self._progress.log = before
            self._waiting.clear()
            self._broken(error)
        else:
            self.record = self._progress.record
            self._publish(stored)

    def _number(self, batch: list[Entry]) -> list[StoredEvent]:
        stored = []
        now = time.time()
        for entry in batch:
            record = self._progress.record
            event = entry(record) if callable(entry) else entry
            if self._progress.moves_nothing(event):
                continue
            one = StoredEvent(run=record.id, seq=record.last_seq + 1, time=now, event=event)
            self._progress.apply(one)
            stored.append(one)
        return stored

    async def _append(self, stored: list[StoredEvent]) -> None:
        for pause in _RETRIES:
            try:
                await self._store.append(self._progress.record, stored)
            except Exception as error:
                _log.warning("storing events again", run=stored[0].run, error=str(error))
                await asyncio.sleep(pause)
            else:
                return
        await self._store.append(self._progress.record, stored)


def said(
    state: State | None,
    reason: Text | None,
    device: str | None,
    kept: Callable[[], tuple[AnyCommand, ...]],
) -> Entry:
    """A change of state at the step where the run then is; without a state it stays in its own. A reason
    holds until the state is another, and only a run that is to get a worker keeps commands."""

    def event(record: RunRecord) -> AnyEvent:
        now = state or record.state
        return StateChanged(
            branch=record.branch,
            step=record.step,
            state=now,
            reason=reason or (record.reason if now == record.state else None),
            device=device,
            kept=kept() if now in ("queued", "starting") else (),
        )

    return event

"""Runs, branches and events in the database. Decides nothing about a run: it keeps and finds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, and_, delete, false, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.disk import CannotStore, DiskFull
from app.core.errors import NotFound
from app.core.text import text
from app.protocol.commands import LoggedCommand, is_setting
from app.protocol.events import CommandApplied, Note, Rewound, State, StateChanged, StoredEvent
from app.protocol.refusals import RunUnreadable
from app.protocol.runs import Branch, RunRecord
from app.store.database import Database
from app.store.disk import RESERVE, Disk
from app.store.replaced import Replaced
from app.store.rows import (
    branch_row,
    branches_of,
    event_of,
    event_row,
    identity_row,
    leads_back,
    progress_row,
    record_of,
)
from app.store.snapshots import SnapshotFolders
from app.store.tables import BRANCHES, EVENTS, RUNS
from app.store.weights import WeightFiles
from app.store.writer import BatchWriter

Lineage = Sequence[tuple[int, int | None]]
"""Branches and the last step of each that counts (None: all), as :mod:`app.runs.lineage` has it."""

_Append = tuple[RunRecord, Sequence[StoredEvent]]
_AT_A_TIME = 500
_RUN = text("run", "运行")
_log = structlog.get_logger(__name__)


class Store:
    """Everything of a server's runs that outlives it, in one folder."""

    def __init__(self, data: Path, reserve: int = RESERVE) -> None:
        self.disk = Disk(data, data / "glassnet.db", reserve)
        self._database = Database(data / "glassnet.db", self.disk)
        self._writer: BatchWriter[_Append] = BatchWriter(self._commit)
        self._replaced = Replaced()
        self.snapshots = SnapshotFolders(data / "runs")
        self.weights = WeightFiles(data / "weights")

    async def open(self) -> None:
        """Raises :class:`app.store.database.DataInUse` if another server has the folder."""
        await self._database.open()
        if self._database.salvaged is not None:
            _log.warning(self._database.salvaged.text.en)
        self._writer.start()
        await self._tidy_weights()

    async def close(self) -> None:
        await self._writer.close()
        await self._database.close()

    async def create(self, record: RunRecord, events: Sequence[StoredEvent]) -> None:
        """A new run with its first events, in one transaction."""
        async with self._database.write() as connection:
            await connection.execute(
                insert(RUNS).values(**identity_row(record), **progress_row(record))
            )
            await connection.execute(
                insert(BRANCHES), [branch_row(record.id, branch) for branch in record.branches]
            )
            await _insert_events(connection, events)

    async def append(self, record: RunRecord, events: Sequence[StoredEvent]) -> None:
        """Returns once the events, and the run as it is after them, are committed."""
        await self._writer.append((record, tuple(events)))

    async def get(self, run: str) -> RunRecord:
        """Raises :class:`NotFound`."""
        found = await self._records(RUNS.c.id == run, limit=1)
        if not found:
            raise NotFound(kind=_RUN, name=run)
        return found[0]

    async def page(self, before: str | None, limit: int) -> list[RunRecord]:
        """The newest first; ``before`` is the last run that is already known."""
        older = RUNS.c.id < before if before is not None else RUNS.c.id.is_not(None)
        return await self._records(older, limit)

    async def in_states(self, states: Iterable[State]) -> list[RunRecord]:
        """Those that can be read: nobody goes on with the others."""
        found = await self._records(RUNS.c.state.in_(list(states)), limit=None)
        return [record for record in found if record.unreadable is None]

    async def mentioning(self, words: str) -> list[str]:
        """The runs whose spec holds these words; nothing in them is special."""
        query = select(RUNS.c.id).where(RUNS.c.spec.contains(words, autoescape=True))
        async with self._database.read() as connection:
            return list((await connection.scalars(query.order_by(RUNS.c.id))).all())

    async def delete(self, run: str) -> None:
        """Its row, branches, events and snapshots, and weights that it alone needed; raises
        :class:`NotFound`."""
        try:
            await self._forget(run)
        except DiskFull:
            with self.disk.spared():
                await self._forget_on_a_full_disk(run)
        self._replaced.forget(run)
        await self.snapshots.delete(run)
        await self._tidy_weights()
        await self._database.shrink()

    async def _forget(self, run: str) -> None:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(RUNS).where(RUNS.c.id == run))
            if not gone.rowcount:
                raise NotFound(kind=_RUN, name=run)

    async def _forget_on_a_full_disk(self, run: str) -> None:
        """First the snapshots, which need no room. Then the events, newest first and few at a time, so
        that the log stays small."""
        await self.snapshots.delete(run)
        newest = select(EVENTS.c.seq).where(EVENTS.c.run == run).order_by(EVENTS.c.seq.desc())
        some = newest.limit(_AT_A_TIME).scalar_subquery()
        gone = 1
        while gone:
            async with self._database.write() as connection:
                those = delete(EVENTS).where(EVENTS.c.run == run, EVENTS.c.seq.in_(some))
                gone = (await connection.execute(those)).rowcount
            await self._database.shrink()
        await self._forget(run)

    async def trouble(self) -> CannotStore | None:
        """Why nothing more should be stored now; None as long as all is well."""
        return await asyncio.to_thread(self.disk.trouble)

    async def _tidy_weights(self) -> None:
        """Remove the files of weights that no run names."""
        for sha256 in await self.weights.unasked():
            if not await self.mentioning(sha256):
                await self.weights.remove(sha256)

    async def events(self, run: str, after: int, limit: int) -> list[StoredEvent]:
        """Events numbered above ``after``, in order."""
        query = (
            select(EVENTS)
            .where(EVENTS.c.run == run, EVENTS.c.seq > after)
            .order_by(EVENTS.c.seq)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [event_of(row) for row in await connection.execute(query)]

    async def events_of(self, run: str, kind: str, lineage: Lineage) -> list[StoredEvent]:
        """All events of one type along a lineage, in order."""
        query = (
            select(EVENTS)
            .where(EVENTS.c.run == run, EVENTS.c.type == kind, _along(lineage))
            .order_by(EVENTS.c.seq)
        )
        async with self._database.read() as connection:
            return [event_of(row) for row in await connection.execute(query)]

    async def settings_log(self, run: str, lineage: Lineage) -> list[LoggedCommand]:
        """The commands that change numbers, in the order in which they took effect.

        Raises :class:`RunUnreadable` where one cannot be read: without it the run would go on with
        other numbers than it had.
        """
        found = []
        for stored in await self.events_of(run, "command", lineage):
            event = stored.event
            if isinstance(event, Note):
                raise RunUnreadable.because(event.message)
            if isinstance(event, CommandApplied) and is_setting(event.command):
                found.append(
                    LoggedCommand(step=event.step, branch=event.branch, command=event.command)
                )
        return found

    async def newest_step(self, run: str, kind: str | None, lineage: Lineage) -> int | None:
        """The largest step of an event (of one type) along a lineage."""
        query = select(func.max(EVENTS.c.step)).where(EVENTS.c.run == run, _along(lineage))
        if kind is not None:
            query = query.where(EVENTS.c.type == kind)
        async with self._database.read() as connection:
            found: int | None = await connection.scalar(query)
            return found

    async def _records(self, condition: ColumnElement[bool], limit: int | None) -> list[RunRecord]:
        query = select(RUNS).where(condition).order_by(RUNS.c.id.desc())
        if limit is not None:
            query = query.limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            named = [row.id for row in rows]
            branches: dict[str, list[Branch]] = {name: [] for name in named}
            for start in range(0, len(named), 500):
                part = named[start : start + 500]
                lines = select(BRANCHES).where(BRANCHES.c.run.in_(part)).order_by(BRANCHES.c.branch)
                for line in await connection.execute(lines):
                    branches[line.run].append(
                        Branch(branch=line.branch, parent=line.parent, step=line.step)
                    )
        return [await self._record(row, branches[row.id]) for row in rows]

    async def _record(self, row: Row[Any], branches: list[Branch]) -> RunRecord:
        if not leads_back(branches, row.branch):
            every = select(EVENTS).where(EVENTS.c.run == row.id, EVENTS.c.type == "rewound")
            async with self._database.read() as connection:
                told = await connection.execute(every.order_by(EVENTS.c.seq))
                branches = branches_of(event_of(one) for one in told)
        return record_of(row, branches)

    async def _commit(self, batch: Sequence[_Append]) -> None:
        try:
            await self._insert(batch)
        except DiskFull:
            if not all(isinstance(one.event, StateChanged) for _, found in batch for one in found):
                raise
            with self.disk.spared():  # how a run stands is worth the reserve
                await self._insert(batch)

    async def _insert(self, batch: Sequence[_Append]) -> None:
        renewal = self._replaced.renewal([one for _, events in batch for one in events])
        async with self._database.write() as connection:
            for record, events in batch:
                changed = update(RUNS).where(RUNS.c.id == record.id)
                await connection.execute(changed.values(**progress_row(record)))
                born = [
                    branch_row(
                        record.id, Branch(branch=new.branch, parent=new.parent, step=new.step)
                    )
                    for stored in events
                    if isinstance(new := stored.event, Rewound)
                ]
                if born:
                    await connection.execute(insert(BRANCHES), born)
            for run, seq in renewal.gone:
                replaced = delete(EVENTS).where(EVENTS.c.run == run, EVENTS.c.seq == seq)
                await connection.execute(replaced)
            await _insert_events(connection, renewal.kept)
        self._replaced.stored(renewal)


def _along(lineage: Lineage) -> ColumnElement[bool]:
    parts = [
        EVENTS.c.branch == branch
        if last is None
        else and_(EVENTS.c.branch == branch, EVENTS.c.step <= last)
        for branch, last in lineage
    ]
    return or_(false(), *parts)


async def _insert_events(connection: AsyncConnection, events: Sequence[StoredEvent]) -> None:
    if not events:
        return
    await connection.execute(insert(EVENTS), [event_row(stored) for stored in events])

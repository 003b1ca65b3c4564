"""The store on real files: what is committed stays, in order, for one owner at a time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from safetensors.numpy import save
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from app.core.errors import NotFound
from app.core.text import text
from app.protocol.commands import Play, SetBatchSize
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Metrics,
    Rewound,
    StateChanged,
    StoredEvent,
    Validation,
)
from app.protocol.runs import Branch, RunRecord
from app.runs.progress import Progress
from app.spec.settings import Settings
from app.store.database import migrate
from app.store.refusals import DataInUse
from app.store.runs import Store
from app.store.tables import METADATA
from tests.runs.helpers import numbered, spec

RUN = "06h0000000000000"


def record(run: str = RUN) -> RunRecord:
    settings = Settings.of(spec())
    return RunRecord(
        id=run,
        name="one",
        state="starting",
        spec=spec(),
        device="cpu",
        created=5.0,
        updated=5.0,
        settings=settings,
    )


def metrics(step: int, branch: int = 0, loss: float = 1.0) -> Metrics:
    return Metrics(
        branch=branch,
        step=step,
        steps=[step],
        count=[1],
        loss=[loss],
        epoch=step / 10,
        samples_per_second=1.0,
    )


class Diary:
    """Appends events as a run's journal does."""

    def __init__(self, store: Store, run: str = RUN) -> None:
        self.store = store
        self.progress = Progress(record(run))

    async def create(self) -> Diary:
        await self.store.create(self.progress.record, [])
        return self

    async def add(self, *events: AnyEvent) -> None:
        stored = []
        for event in events:
            seq = self.progress.record.last_seq + 1
            one = StoredEvent(run=self.progress.record.id, seq=seq, time=9.0 + seq, event=event)
            self.progress.apply(one)
            stored.append(one)
        await self.store.append(self.progress.record, stored)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path)
    await store.open()
    yield store
    await store.close()


async def test_a_run_with_a_name_that_is_refused_today_still_opens(
    store: Store, tmp_path: Path
) -> None:
    await Diary(store).create()
    name = "a\u202eb\x00\n c "
    document = json.loads(spec().model_dump_json()) | {"name": name}
    with closing(sqlite3.connect(tmp_path / "glassnet.db")) as connection, connection:
        connection.execute("UPDATE runs SET name = ?, spec = ?", (name, json.dumps(document)))
    found = await store.get(RUN)
    assert (found.name, found.spec.name) == ("ab  c", "ab  c")
    assert [one.id for one in await store.page(None, 10)] == [RUN]


async def test_a_run_and_its_events_come_back_as_they_were(store: Store, tmp_path: Path) -> None:
    diary = await Diary(store).create()
    reason = text("so", "如此")
    await diary.add(
        StateChanged(state="running"),
        metrics(3, loss=math.nan),
        metrics(4, loss=math.inf),
        CommandApplied(step=4, command=SetBatchSize(batch_size=7)),
        Rewound(branch=1, parent=0, step=2),
        StateChanged(branch=1, step=2, state="interrupted", reason=reason),
    )
    await store.close()
    again = Store(tmp_path)
    await again.open()
    found = await again.get(RUN)
    assert found == diary.progress.record
    assert found.reason == reason
    assert found.branches[1] == Branch(branch=1, parent=0, step=2)
    events = await again.events(RUN, 0, 100)
    assert numbered(events)
    assert [stored.event.type for stored in events][:2] == ["state", "metrics"]
    assert isinstance(events[1].event, Metrics)
    assert math.isnan(events[1].event.loss[0])
    assert isinstance(events[2].event, Metrics)
    assert events[2].event.loss == [math.inf]
    await again.close()


async def test_pages_of_events_and_of_runs(store: Store) -> None:
    diary = await Diary(store).create()
    await diary.add(*(metrics(step) for step in range(1, 31)))
    first = await store.events(RUN, 0, 20)
    rest = await store.events(RUN, first[-1].seq, 20)
    assert numbered(first + rest)
    assert len(first + rest) == 30
    others = [f"06h000000000000{n}" for n in range(1, 6)]
    for name in others:
        await Diary(store, name).create()
    newest = await store.page(None, 4)
    assert [one.id for one in newest] == others[::-1][:4]
    assert [one.id for one in await store.page(newest[-1].id, 9)] == [others[0], RUN]


async def test_along_a_lineage(store: Store) -> None:
    diary = await Diary(store).create()
    await diary.add(
        CommandApplied(step=1, command=SetBatchSize(batch_size=2)),
        CommandApplied(step=3, command=Play()),
        metrics(4),
        CommandApplied(step=8, command=SetBatchSize(batch_size=4)),
        metrics(9),
        Rewound(branch=1, parent=0, step=5),
        CommandApplied(branch=1, step=6, command=SetBatchSize(batch_size=6)),
        Validation(branch=1, step=7, epoch=1.0, loss=1.0),
    )
    way = [(1, None), (0, 5)]
    log = await store.settings_log(RUN, way)
    assert [(entry.branch, entry.step) for entry in log] == [(0, 1), (1, 6)]
    assert tuple(log) == diary.progress.log
    assert await store.newest_step(RUN, "metrics", way) == 4
    assert await store.newest_step(RUN, "metrics", [(0, None)]) == 9
    assert await store.newest_step(RUN, "metrics", [(1, None)]) is None
    assert await store.newest_step(RUN, None, way) == 7


async def test_runs_in_states(store: Store) -> None:
    for number, state in enumerate(("running", "paused", "finished")):
        diary = await Diary(store, f"06h000000000000{number}").create()
        await diary.add(StateChanged(state=state))  # type: ignore[arg-type]
    found = await store.in_states(("running", "paused"))
    assert {one.state for one in found} == {"running", "paused"}


async def test_deleting_takes_everything_along(store: Store, tmp_path: Path) -> None:
    diary = await Diary(store).create()
    await diary.add(metrics(1), Rewound(branch=1, parent=0, step=0))
    folder = store.snapshots.folder(RUN)
    folder.mkdir(parents=True)
    (folder / "0-0000000000.safetensors").write_bytes(b"x")
    await store.delete(RUN)
    assert not folder.exists()
    with pytest.raises(NotFound):
        await store.get(RUN)
    with pytest.raises(NotFound):
        await store.delete(RUN)
    with closing(sqlite3.connect(tmp_path / "glassnet.db")) as file:
        for table in ("events", "branches"):
            assert file.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_many_appends_share_a_transaction_and_one_bad_one_spoils_none(store: Store) -> None:
    diaries = [await Diary(store, f"06h00000000000{n}").create() for n in range(10, 30)]
    stray = Diary(store, "06h0stray0000000")
    results = await asyncio.gather(
        *(diary.add(metrics(1)) for diary in diaries),
        stray.add(metrics(1)),
        *(diary.add(metrics(2)) for diary in diaries),
        return_exceptions=True,
    )
    assert [type(one) for one in results if one is not None] == [IntegrityError]
    for diary in diaries:
        assert numbered(await store.events(diary.progress.record.id, 0, 10))


async def test_a_second_number_is_refused(store: Store) -> None:
    diary = await Diary(store).create()
    await diary.add(metrics(1))
    one = (await store.events(RUN, 0, 1))[0]
    with pytest.raises(IntegrityError):
        await store.append(diary.progress.record, [one])


async def test_two_servers_cannot_share_a_folder(store: Store, tmp_path: Path) -> None:
    second = Store(tmp_path)
    with pytest.raises(DataInUse) as refused:
        await second.open()
    assert str(tmp_path) in refused.value.text.en
    await store.close()
    await second.open()
    await second.close()


async def test_closing_commits_what_waits(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    diary = await Diary(store).create()
    pending = asyncio.gather(diary.add(metrics(1)), diary.add(metrics(2)))
    await asyncio.sleep(0)
    await store.close()
    await pending
    await store.open()
    assert len(await store.events(RUN, 0, 10)) == 2
    await store.close()


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(path)
    migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_the_file_is_durable(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def brought(store: Store, name: str, *, age: float) -> str:
    """A file of weights that was last asked for so many seconds ago; its hash."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    path = store.weights.path(sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(save({"fc1.weight": np.zeros((1, 1), np.float32)}))
    os.utime(path, (time.time() - age, time.time() - age))
    return sha256


async def test_weights_that_no_run_needs_are_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    named, left, fresh, asked = (
        brought(store, name, age=age)
        for name, age in (("named", 9e4), ("left", 9e4), ("fresh", 60), ("asked", 9e4))
    )
    await store.weights.get(asked)
    part = store.weights.root / "torn.part"
    part.write_bytes(b"half a file")
    os.utime(part, (0, 0))
    one = record()
    needs = one.model_copy(update={"spec": spec().model_copy(update={"weights": named})})
    await store.create(needs, [])
    await store.create(record("06h0000000000001"), [])

    def kept() -> set[str]:
        return {path.stem for path in store.weights.root.iterdir()}

    await store.delete("06h0000000000001")
    assert kept() == {named, fresh, asked}
    await store.close()
    store = Store(tmp_path)
    left = brought(store, "left", age=9e4)
    await store.open()
    assert left not in kept()
    assert named in kept()
    await store.delete(RUN)
    assert kept() == {fresh, asked}
    await store.close()

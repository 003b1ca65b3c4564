"""Databases that cannot be read: set aside with what can be kept, or refused; one bad row hides alone."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import GlassnetError
from app.protocol.commands import SetBatchSize
from app.protocol.events import CommandApplied, Note, Rewound, StateChanged
from app.protocol.refusals import RunUnreadable
from app.runs.progress import Progress
from app.store.database import known_versions
from app.store.refusals import DataInUse, FolderUnusable, ForeignDatabase, LaterDatabase
from app.store.runs import Store
from tests.runs.helpers import numbered
from tests.store.test_store import Diary, metrics, record

PAGE = 4096
NAMES = [f"06h000000000000{n}" for n in range(4)]


async def filled(folder: Path, steps: int = 400) -> Path:
    """Four runs with events in turn, closed in order; the path of their database."""
    store = Store(folder)
    await store.open()
    diaries = [Diary(store, name) for name in NAMES]
    for name, diary in zip(NAMES, diaries, strict=True):
        diary.progress = Progress(record(name))
        await diary.create()
        await diary.add(StateChanged(state="paused"))
    for start in range(0, steps, 50):
        for diary in diaries:
            await diary.add(*(metrics(step) for step in range(start, start + 50)))
    await store.close()
    return folder / "glassnet.db"


def sql(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def noise(path: Path, *pages: int) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(random.Random(page).randbytes(PAGE))


def leaf_pages(path: Path) -> list[int]:
    """Pages that hold rows of a table, counted from 0: their first byte is 13."""
    held = path.read_bytes()
    return [n for n in range(1, len(held) // PAGE) if held[n * PAGE] == 13]


def asides(folder: Path, end: str = "") -> list[Path]:
    """What was set aside of a database."""
    return sorted(folder.glob(f"glassnet-damaged-*.db{end}"))


async def everything(store: Store) -> dict[str, int]:
    """Every run with the number of its events, which are numbered as they happened."""
    found = {}
    for one in await store.page(None, 100):
        events = await store.events(one.id, 0, 100_000)
        assert numbered(events), one.id
        assert not events or events[-1].seq == one.last_seq
        found[one.id] = sum(not isinstance(stored.event, Note) for stored in events)
    return found


async def test_damaged_pages_cost_only_what_lay_on_them(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    before = path.read_bytes()
    events = [page for page in leaf_pages(path) if b'"metrics"' in before[page * PAGE :][:PAGE]]
    noise(path, *events[3:6], events[20])
    damaged = path.read_bytes()
    store = Store(tmp_path)
    await store.open()
    try:
        found = await everything(store)
        assert set(found) == set(NAMES)
        assert 4 * 401 - 4 * 40 < sum(found.values()) < 4 * 401
        noted = [one for name in NAMES for one in await store.events(name, 0, 100_000)]
        assert any(
            "could not be read" in n.event.message.en for n in noted if isinstance(n.event, Note)
        )
    finally:
        await store.close()
    (aside,) = asides(tmp_path)
    assert aside.read_bytes() == damaged, "what was set aside is whole"
    assert "set aside as" in aside.with_suffix(".txt").read_text("utf-8")
    again = Store(tmp_path)
    await again.open()
    assert await everything(again) == found
    await again.close()
    assert len(asides(tmp_path)) == 1


async def test_a_first_page_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    noise(await filled(tmp_path), 0)
    store = Store(tmp_path)
    await store.open()
    assert await everything(store) == dict.fromkeys(NAMES, 401)
    await store.close()


@pytest.mark.parametrize("share", [0.95, 0.5, 0.1, 0.0003])
async def test_a_file_that_was_cut_off(tmp_path: Path, share: float) -> None:
    path = await filled(tmp_path)
    os.truncate(path, int(path.stat().st_size * share))
    store = Store(tmp_path)
    await store.open()
    await everything(store)
    await store.create(record("06h0000000000009"), [])
    await store.close()
    assert asides(tmp_path)


async def test_noise_alone_gives_an_empty_store(tmp_path: Path) -> None:
    path = tmp_path / "glassnet.db"
    path.write_bytes(random.Random(0).randbytes(300_000))
    store = Store(tmp_path)
    await store.open()
    assert await store.page(None, 10) == []
    await store.close()


async def test_a_log_that_was_not_yet_in_the_file_is_kept_too(tmp_path: Path) -> None:
    """The server was killed: the newest events are in the WAL only, and the file is damaged."""
    store = Store(tmp_path / "one")
    await store.open()
    diary = await Diary(store).create()
    await diary.add(*(metrics(step) for step in range(30)))
    (tmp_path / "two").mkdir()
    for end in ("", "-wal"):
        held = (tmp_path / "one" / f"glassnet.db{end}").read_bytes()
        (tmp_path / "two" / f"glassnet.db{end}").write_bytes(held)
    await store.close()
    (tmp_path / "two" / "glassnet.db").write_bytes(b"\0" * PAGE)
    again = Store(tmp_path / "two")
    await again.open()
    found = await everything(again)
    await again.close()
    assert found in ({}, {diary.progress.record.id: 30})
    assert asides(tmp_path / "two", "-wal")


def later(path: Path) -> None:
    sql(path, "UPDATE alembic_version SET version_num = '9999future'")


def foreign(path: Path) -> None:
    path.unlink()
    sql(path, "CREATE TABLE bookmarks (url TEXT)")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "error"),
    [(later, LaterDatabase), (foreign, ForeignDatabase), (folder_instead, GlassnetError)],
)
async def test_what_is_not_ours_is_refused_and_not_touched(
    tmp_path: Path, change: Callable[[Path], None], error: type[GlassnetError]
) -> None:
    path = await filled(tmp_path, 50)
    change(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(error) as raised:
        await Store(tmp_path).open()
    assert raised.value.text.zh != raised.value.text.en
    assert (path.read_bytes() if path.is_file() else b"") == before
    assert not asides(tmp_path)


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(FolderUnusable, match="it is a file"):
        await Store(tmp_path / "data").open()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET spec = '{}' WHERE id = ?",
        "UPDATE runs SET spec = 'no json' WHERE id = ?",
        "UPDATE runs SET settings = '{\"batch_size\": 0}' WHERE id = ?",
        "UPDATE runs SET reason = '[1]' WHERE id = ?",
        "UPDATE runs SET state = 'flying' WHERE id = ?",
        "UPDATE runs SET created = 'noon' WHERE id = ?",
        "UPDATE runs SET last_seq = 'x', step = 'y' WHERE id = ?",
        "UPDATE runs SET branch = 7 WHERE id = ?",
        "UPDATE branches SET parent = 0 WHERE run = ?",
    ],
)
async def test_a_run_that_cannot_be_read_hides_alone(tmp_path: Path, statement: str) -> None:
    path = await filled(tmp_path, 50)
    sql(path, statement, NAMES[1])
    store = Store(tmp_path)
    await store.open()
    try:
        listed = {one.id: one for one in await store.page(None, 100)}
        assert set(listed) == set(NAMES)
        assert [name for name in NAMES if listed[name].unreadable] in ([NAMES[1]], [])
        hidden = listed[NAMES[1]]
        if hidden.unreadable:
            assert "cannot be read" in hidden.unreadable.en
            assert hidden.state == "failed"
        assert await store.get(NAMES[1]) == hidden
        left = await store.in_states(["failed", "paused"])
        assert all(one.unreadable is None for one in left)
        await store.delete(NAMES[1])
        assert len(await store.page(None, 100)) == 3
    finally:
        await store.close()


async def test_branches_come_back_from_the_events(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    diary = await Diary(store).create()
    await diary.add(metrics(3), Rewound(branch=1, parent=0, step=2), metrics(4, branch=1))
    whole = await store.get(diary.progress.record.id)
    await store.close()
    sql(tmp_path / "glassnet.db", "DELETE FROM branches")
    again = Store(tmp_path)
    await again.open()
    assert await again.get(whole.id) == whole
    await again.close()


@pytest.mark.parametrize("body", ["{}", "", "no json", '{"type": "metrics"}', '{"type": "new"}'])
async def test_an_event_that_cannot_be_read_hides_alone(tmp_path: Path, body: str) -> None:
    path = await filled(tmp_path, 50)
    sql(path, "UPDATE events SET body = ? WHERE run = ? AND seq = 3", body, NAMES[0])
    store = Store(tmp_path)
    await store.open()
    events = await store.events(NAMES[0], 0, 100)
    assert numbered(events)
    assert len(events) == 51
    note = events[2].event
    assert isinstance(note, Note)
    assert "Cannot be read: event 3" in note.message.en
    assert await store.events_of(NAMES[0], "metrics", [(0, None)])
    await store.close()


async def test_a_run_whose_command_is_lost_is_not_continued(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    diary = await Diary(store).create()
    await diary.add(metrics(1), CommandApplied(step=1, command=SetBatchSize(batch_size=7)))
    name = diary.progress.record.id
    await store.close()
    sql(tmp_path / "glassnet.db", "UPDATE events SET body = '{}' WHERE seq = 2")
    again = Store(tmp_path)
    await again.open()
    with pytest.raises(RunUnreadable, match="event 2"):
        await again.settings_log(name, [(0, None)])
    await again.close()


async def test_a_folder_is_free_again_after_a_refusal(tmp_path: Path) -> None:
    path = await filled(tmp_path, 50)
    later(path)
    for _ in range(2):
        with pytest.raises(LaterDatabase):
            await Store(tmp_path).open()
    sql(path, f"UPDATE alembic_version SET version_num = '{max(known_versions())}'")
    first = Store(tmp_path)
    await first.open()
    with pytest.raises(DataInUse):
        await Store(tmp_path).open()
    assert set(await everything(first)) == set(NAMES), "the first is unharmed"
    await first.close()

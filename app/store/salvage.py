"""Sets a damaged database aside and copies what can be read of it into a new one. Deletes nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.core.text import Text, text
from app.protocol.events import Note
from app.store.tables import BRANCHES, EVENTS, RUNS

PAGE = 4096
_AT_A_TIME = 500
_FARTHEST = 2**48
_KEPT = text(
    "The database was damaged ({reason}). It was set aside as {aside}, whole; {runs} runs with "
    "{events} events could be read and go on.",
    "数据库已损坏（{reason}）。原文件完整另存为 {aside}；读出了 {runs} 个运行和 {events} 个事件，可继续使用。",
)
_PARTLY = text(
    " {partly} of them lost a part of their history; each of them says so.",
    "其中 {partly} 个运行的历史有缺失，各自会说明。",
)
_LOST = text(
    "{lost} events of this run could not be read when the damaged database was set aside.",
    "损坏的数据库另存时，该运行有 {lost} 个事件无法读出。",
)
_GAP = text(
    "Cannot be read: event {seq} was lost with the damaged database.",
    "无法读取：事件 {seq} 随损坏的数据库丢失。",
)
_GONE = text(
    " The specs of {gone} runs could not be read; their events are in the file that was set aside.",
    "有 {gone} 个运行的网络配置无法读出；其事件仍在另存的文件中。",
)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Salvage:
    """What became of a damaged database."""

    aside: Path
    reason: str
    runs: int
    events: int
    partly: int
    gone: int

    @property
    def text(self) -> Text:
        facts = {"reason": self.reason, "aside": self.aside.name}
        said = _KEPT.format(**facts, runs=self.runs, events=self.events)
        more = [_PARTLY.format(partly=self.partly)] * bool(self.partly)
        more += [_GONE.format(gone=self.gone)] * bool(self.gone)
        zh = "".join((said.zh, *(one.zh for one in more)))
        return Text(en="".join((said.en, *(one.en for one in more))), zh=zh)


def salvage(path: Path, reason: str, migrate: Callable[[Path], None]) -> Salvage:
    """The file at ``path`` becomes a whole database again; the damaged one lies beside it."""
    aside = _free_name(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".salvage-") as folder:
        fresh = Path(folder) / path.name
        migrate(fresh)
        readable = _readable(path, fresh, Path(folder))
        with closing(sqlite3.connect(fresh)) as target:
            counts = _copied(readable, target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _exchange(path, fresh, aside)
    kept = Salvage(aside, reason, *counts)
    said = f"{kept.text.en}\n{kept.text.zh}\n"
    aside.with_suffix(".txt").write_text(said, encoding="utf-8")
    return kept


def _free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        name = path.with_name(f"{path.stem}-damaged-{stamp}{f'-{number}' * bool(number)}.db")
        if not name.exists():
            return name
    raise FileExistsError(path)


def _exchange(path: Path, fresh: Path, aside: Path) -> None:
    """The damaged file and its log get another name; the new one takes the place in one move."""
    for end in ("", "-wal", "-shm"):
        old = path.with_name(path.name + end)
        if old.exists():
            new = aside.with_name(aside.name + end)
            try:
                os.link(old, new)
            except OSError:
                shutil.copy2(old, new)
    # A log that stayed would be taken for that of the new database.
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    fresh.replace(path)


def _readable(path: Path, fresh: Path, folder: Path) -> Path:
    """A copy to read from; with a first page of ours where that of the file says nothing."""
    copy = folder / "damaged.db"
    for end in ("", "-wal"):
        old = path.with_name(path.name + end)
        if old.exists():
            shutil.copyfile(old, copy.with_name(copy.name + end))
    with suppress(sqlite3.DatabaseError), closing(_opened(copy)) as source:
        source.execute("SELECT * FROM sqlite_master").fetchall()
        return copy
    page = bytearray(fresh.read_bytes()[:PAGE])
    page[28:32] = struct.pack(">I", copy.stat().st_size // PAGE)
    page[92:96] = page[24:28]
    page[32:40] = bytes(8)  # no list of free pages: nothing is written to this copy
    with copy.open("r+b") as file:
        file.write(page)
    return copy


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.text_factory = lambda held: held.decode("utf-8", "replace")
    # A file that was cut off is refused as a whole otherwise.
    connection.execute("PRAGMA writable_schema=ON")
    return connection


def _copied(readable: Path, target: sqlite3.Connection) -> tuple[int, int, int, int]:
    """How many runs and events were read, how many runs lost some, and how many lost their spec."""
    named = set()
    target.execute(
        "PRAGMA foreign_keys=OFF"
    )  # looked after here: a run that is lost takes its rows along
    with closing(_opened(readable)) as source:
        for table, owner in ((RUNS, "id"), (BRANCHES, "run"), (EVENTS, "run")):
            held = _columns(source, table.name)
            names = [column.name for column in table.columns if column.name in held]
            values = ", ".join(f":{name}" for name in names)
            known = "" if table is RUNS else " WHERE :run IN (SELECT id FROM runs)"
            put = f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) SELECT {values}{known}"
            for row in _rows(source, table.name, names):
                values_by_name = dict(zip(names, row, strict=True))
                if str(values_by_name[owner]).isalnum():
                    named.add(values_by_name[owner])
                    with suppress(sqlite3.IntegrityError):
                        target.execute(put, values_by_name)
    partly = sum(_told(target, *one) for one in _ends(target))
    target.commit()
    ((runs,),) = target.execute("SELECT count(*) FROM runs")
    ((events,),) = target.execute("SELECT count(*) FROM events")
    return runs, events, partly, max(0, len(named) - runs)


def _columns(source: sqlite3.Connection, table: str) -> set[str]:
    """What a table of an earlier version has may be less."""
    return {name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")}


def _rows(source: sqlite3.Connection, table: str, names: Sequence[str]) -> Iterator[Row]:
    """Every row that can be read, in the order of the file; what is damaged is stepped over."""
    columns = ", ".join(names)
    query = (
        f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?"
    )

    def read(start: int, count: int) -> list[Row] | None:
        try:
            found = source.execute(query, (start, count)).fetchall()
        except (sqlite3.DatabaseError, OverflowError):
            return None
        numbers = [start - 1, *(row[0] for row in found)]
        # A damaged tree may lead in circles.
        return found if all(a < b for a, b in pairwise(numbers)) else None

    here, count = 1, _AT_A_TIME
    while here < _FARTHEST:
        found = read(here, count)
        if found is None and count > 1:
            count = 1
        elif found is None:
            beyond = _beyond(here, read)
            if beyond is None:
                return
            here, count = beyond, _AT_A_TIME
        elif not found:
            return
        else:
            yield from (row[1:] for row in found)
            here = found[-1][0] + 1


def _beyond(here: int, read: Callable[[int, int], list[Row] | None]) -> int | None:
    """The first number after a damaged one from which rows can be read again."""
    bad, step = here, 1
    while read(here + step, 1) is None:
        bad, step = here + step, step * 2
        if here + step > _FARTHEST:
            return None
    good = here + step
    while good - bad > 1:
        middle = (good + bad) // 2
        if read(middle, 1) is None:
            bad = middle
        else:
            good = middle
    return good


def _ends(target: sqlite3.Connection) -> list[tuple[str, int]]:
    """The runs, and the number of the last event that each says to have."""
    found = target.execute("SELECT id, last_seq FROM runs").fetchall()
    return [(run, last if isinstance(last, int) else 0) for run, last in found]


def _told(target: sqlite3.Connection, run: str, last: int) -> bool:
    """A note stands for every event that is lost, and one says how many. Metrics that newer ones
    replaced are not lost."""
    # A number beyond the last is none that was ever given.
    target.execute("DELETE FROM events WHERE run = ? AND seq NOT BETWEEN 1 AND ?", (run, last))
    stored = target.execute(
        "SELECT seq, time, branch, step, since FROM events WHERE run = ? ORDER BY seq", (run,)
    ).fetchall()
    place: Row = (0, 0.0, 0, 0, None)
    expected, notes = 1, []
    for row in stored:
        notes += [(seq, place) for seq in range(expected, row[0])]
        expected, place = row[0] + 1, row
    replaced = {
        seq
        for *row, since in stored
        if isinstance(since, int)
        for seq in range(max(1, since), row[0])
    }
    notes = [(seq, place) for seq, place in notes if seq not in replaced]
    for seq, (_, moment, branch, step, _) in notes:
        _note(target, (run, seq, moment, branch, step), _GAP.format(seq=seq))
    lost = len(notes) + max(0, last - expected + 1)
    if lost:
        _, moment, branch, step, _ = place
        _note(target, (run, expected, moment, branch, step), _LOST.format(lost=lost))
        target.execute("UPDATE runs SET last_seq = ? WHERE id = ?", (expected, run))
    return bool(lost)


def _note(target: sqlite3.Connection, place: Row, message: Text) -> None:
    """``place``: run, number, time, branch, step."""
    *_, branch, step = place
    body = Note(branch=branch, step=step, code="history_lost", message=message).model_dump_json()
    names = "run, seq, time, branch, step, type, body"
    put = f"INSERT OR IGNORE INTO events ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)"
    target.execute(put, (*place, "note", body))

"""Looks at a database file before it is opened: ours, of this version, whole? Changes nothing."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from app.store.refusals import FolderUnusable, ForeignDatabase, LaterDatabase

CHECK_SECONDS = 2.0
"""How long the pages of a large file are gone through at a start; a suspicion has no limit."""
OURS = frozenset({"alembic_version", "runs", "branches", "events"})
_BEGINNING = b"SQLite format 3\0"
_STEPS = 10_000


class Damaged(Exception):
    """The file is not what SQLite wrote; its text says where that shows."""


def suspicion(path: Path) -> Path:
    """A file that is there when a running server met damage: the next start looks at every page."""
    return path.with_name(f"{path.name}.suspect")


def examine(path: Path, known: Collection[str]) -> None:
    """``known`` are the versions of the tables that this program can bring up to date.

    Raises Damaged, ForeignDatabase, LaterDatabase or FolderUnusable.
    """
    if not path.exists() or not path.stat().st_size:
        return
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise FolderUnusable(folder=str(path.parent), reason=f"{path.name} is not writable")
    with path.open("rb") as file:
        if file.read(len(_BEGINNING)) != _BEGINNING:
            raise Damaged("it does not begin as a database does")
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            _look(connection, path, known)
    except sqlite3.DatabaseError as error:
        raise Damaged(str(error)) from error


def _look(connection: sqlite3.Connection, path: Path, known: Collection[str]) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return
    if not tables >= {"alembic_version", "runs"}:
        raise ForeignDatabase(file=str(path))
    versions = [
        str(one) for (one,) in connection.execute("SELECT version_num FROM alembic_version")
    ]
    if not versions:
        raise Damaged("the version of its tables is missing")
    for version in versions:
        if version not in known:
            raise LaterDatabase(file=str(path), version=version[:40])
    if not tables >= OURS:
        raise Damaged("a table is missing")
    _go_through(connection, None if suspicion(path).exists() else CHECK_SECONDS)


def _go_through(connection: sqlite3.Connection, seconds: float | None) -> None:
    if seconds is not None:
        until = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        connection.set_progress_handler(None, 0)
    if said != "ok":
        raise Damaged(str(said).splitlines()[-1])

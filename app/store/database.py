"""The SQLite file: its lock, its migrations and its connections. Knows no table's meaning."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.store.disk import Disk
from app.store.examine import Damaged, examine, suspicion
from app.store.refusals import DatabaseBroken, DataInUse, FolderUnusable, unusable
from app.store.salvage import Salvage, salvage

if TYPE_CHECKING:
    from alembic.config import Config

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # An event is shown only once it is stored: FULL keeps that promise through a loss of power.
    # Batches keep it at 20 synchronisations a second at most.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
)

_AT_A_TIME = 2000
_INCREMENTAL = 2
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REFUSING = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)


class Database:
    """One file, one owner process, many readers and one writer at a time."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self._disk = disk
        self._engine: AsyncEngine | None = None
        self._writing = asyncio.Lock()
        self._lock_file: IO[str] | None = None
        self.salvaged: Salvage | None = None

    async def open(self) -> None:
        """Take the folder's lock, bring the tables up to date.

        Raises what :mod:`app.store.refusals` holds where the folder cannot be used. A damaged file is
        set aside, and ``salvaged`` says what could be kept of it.
        """
        await asyncio.to_thread(self._prepare)
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}", pool_size=4)
        _configure(engine.sync_engine)
        self._engine = engine

    async def shrink(self) -> None:
        """Give free pages and the log back to the disk, as far as that is possible now."""
        async with self._writing:
            await asyncio.to_thread(_shrink, self.path)

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state."""
        with self._said_in_words():
            async with self._opened().connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back by an exception.

        Raises CannotStore where the disk is full, or the folder is no longer there.
        """
        self._disk.require_here()
        with self._said_in_words():
            async with self._writing, self._opened().connect() as connection:
                await connection.execution_options(glassnet_writes=True)
                async with connection.begin():
                    yield connection

    @contextmanager
    def _said_in_words(self) -> Iterator[None]:
        """What the system is at fault for becomes an error of ours; a broken rule stays what it is."""
        try:
            yield
        except DatabaseError as error:
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL or (code in _REFUSING and self._disk.trouble()):
                raise self._disk.full() from error
            if code in _CORRUPT:
                suspicion(self.path).touch()
            if code in _CORRUPT | _REFUSING:
                raise DatabaseBroken(reason=_why(error)) from error
            raise

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock()
            try:
                examine(self.path, known_versions())
            except Damaged as error:
                self.salvaged = salvage(self.path, str(error), migrate)
            suspicion(self.path).unlink(missing_ok=True)
            migrate(self.path)
            self._disk.open()
        except BaseException as error:
            self._unlock()
            if isinstance(error, OSError):
                raise unusable(self.path.parent, error) from error
            if isinstance(error, DatabaseError | sqlite3.DatabaseError):
                folder = str(self.path.parent)
                raise FolderUnusable(folder=folder, reason=_why(error)) from error
            raise

    def _lock(self) -> None:
        # The kernel frees this lock when the process dies, however it dies.
        self._lock_file = self.path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataInUse(folder=str(self.path.parent)) from error


def _why(error: DatabaseError | sqlite3.DatabaseError) -> str:
    """What SQLite said, without statement and traceback."""
    return str(error.orig if isinstance(error, DatabaseError) else error)


def known_versions() -> set[str]:
    """The versions of the tables that migrations lead through."""
    from alembic.script import ScriptDirectory

    return {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(path: Path) -> None:
    """Bring the file's tables up to date; blocking. Does nothing to a file that is."""
    from alembic import command

    engine = create_engine(f"sqlite:///{path}")
    _configure(engine)
    config = _config()
    try:
        with engine.connect().execution_options(glassnet_writes=True) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()
    _make_shrinkable(path)


def _make_shrinkable(path: Path) -> None:
    """Free pages can be given back from now on; a file of before is written anew once for it."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        ((mode,),) = connection.execute("PRAGMA auto_vacuum").fetchall()
        room = shutil.disk_usage(path.parent).free
        if mode != _INCREMENTAL and path.stat().st_size * 3 < room:
            connection.execute(f"PRAGMA auto_vacuum={_INCREMENTAL}")
            connection.execute("VACUUM")


def _shrink(path: Path) -> None:
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection,
    ):
        free = None
        while True:
            ((left,),) = connection.execute("PRAGMA freelist_count").fetchall()
            if not left or left == free:  # nothing to give, or a file that cannot
                break
            free = left
            connection.execute(f"PRAGMA incremental_vacuum({_AT_A_TIME})").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _configure(engine: Engine) -> None:
    """Pragmas for every connection; BEGIN of our own, so that a writer never meets SQLITE_BUSY
    in the middle of its transaction."""

    @event.listens_for(engine, "connect")
    def connected(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        writes = connection.get_execution_options().get("glassnet_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

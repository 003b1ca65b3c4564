"""The SQLite file: its lock, its migrations and its connections. Knows no table's meaning."""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

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

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REFUSING = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)


class Database:
    """One file, one owner process, many readers and one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
        """A transaction: committed at the end of the block, rolled back by an exception."""
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

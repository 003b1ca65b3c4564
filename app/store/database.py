"""The SQLite file: its lock, its migrations and its connections. Knows no table's meaning."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.core.errors import GlassnetError
from app.core.text import text

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # An event is shown only once it is stored: FULL keeps that promise through a loss of power.
    # Batches keep it at 20 synchronisations a second at most.
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
)


class DataInUse(GlassnetError):
    code, status = "data_in_use", 503
    message = text(
        "Another Glassnet server already uses the data folder {folder}.",
        "另一个 Glassnet 服务器正在使用数据文件夹 {folder}。",
    )


class Database:
    """One file, one owner process, many readers and one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine: AsyncEngine | None = None
        self._writing = asyncio.Lock()
        self._lock_file: IO[str] | None = None

    async def open(self) -> None:
        """Take the folder's lock, bring the tables up to date; raises :class:`DataInUse`."""
        await asyncio.to_thread(self._prepare)
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}", pool_size=4)
        _configure(engine.sync_engine)
        self._engine = engine

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state."""
        async with self._opened().connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back by an exception."""
        async with self._writing, self._opened().connect() as connection:
            await connection.execution_options(glassnet_writes=True)
            async with connection.begin():
                yield connection

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    def _prepare(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # The kernel frees this lock when the process dies, however it dies.
        self._lock_file = self.path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            self._lock_file = None
            raise DataInUse(folder=str(self.path.parent)) from error
        migrate(self.path)


def migrate(path: Path) -> None:
    """Bring the file's tables up to date; blocking. Does nothing to a file that is."""
    from alembic import command
    from alembic.config import Config

    engine = create_engine(f"sqlite:///{path}")
    _configure(engine)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
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

"""Jobs beside the runs: one at a time in a process of its own, kept, cancellable, limited in time
and memory. What a job does is said by its worker; its kind by a subclass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import structlog

from app.core.errors import Conflict, NotFound
from app.core.text import Text, text
from app.protocol.jobs import GOING, JobRecord
from app.protocol.wire import WireError, encode, read_message
from app.runs.exits import SERVER_STOPPED, NoWorker, ended
from app.runs.interfaces import WorkerProcess

MOST_WAITING = 16
MOST_KEPT = 256
_STOPPING = text("the server is stopping.", "服务器正在停止。")
_log = structlog.get_logger(__name__)


class Spec(Protocol):
    """What a job is to do. The same content has the same name."""

    def digest(self) -> str: ...

    def require(self) -> None: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]: ...


Launch = Callable[[], Awaitable[WorkerProcess]]
"""Starts the process of a job; raises NoWorker."""
Wanted = TypeVar("Wanted", bound=Spec)
Record = TypeVar("Record", bound=JobRecord)


class RecordStore(Protocol[Record]):
    """What outlives the server."""

    async def load(self) -> list[Record]: ...

    async def save(self, record: Record) -> None: ...

    async def remove(self, name: str) -> None: ...


class Background(Generic[Wanted, Record]):
    """The jobs of one kind. The same spec is the same job: what has been found is answered at once."""

    KIND: ClassVar[Text]
    SECONDS: ClassVar[float]
    MEMORY: ClassVar[int]
    SLOW: ClassVar[Text]
    """Said of a job that took longer than ``{seconds}``."""
    TOO_MANY: ClassVar[Text]
    """Why no more than ``{limit}`` may wait."""

    def __init__(
        self,
        store: RecordStore[Record],
        data_root: Path,
        launch: Launch,
        *,
        seconds: float | None = None,
        memory: int | None = None,
    ) -> None:
        self._store = store
        self._data_root = data_root
        self._seconds = self.SECONDS if seconds is None else seconds
        self._memory = self.MEMORY if memory is None else memory
        self._launch = launch
        self._records: dict[str, Record] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)
        self._open = False

    # --- what a kind of job says ------------------------------------------------------------------

    def queued(self, name: str, spec: Wanted, known: Record | None) -> Record:
        """A new job; ``known`` is what an earlier one of the same spec left."""
        raise TypeError(f"{type(self).__name__} declares no record")

    def asks(self, record: Record) -> dict[str, Any]:
        """What the worker is told beside the folder of data and its memory: its first message."""
        raise TypeError(f"{type(self).__name__} asks nothing")

    def heard(self, record: Record, header: dict[str, Any]) -> dict[str, Any]:
        """The changes of a record that a message of the worker makes."""
        raise TypeError(f"{type(self).__name__} hears nothing")

    # --- the server's start and end ---------------------------------------------------------------

    async def start(self) -> None:
        """Know what earlier servers left; what they had not finished is interrupted."""
        for record in await self._store.load():
            self._records[record.id] = record
            if record.state in GOING:
                await self._change(record.id, state="interrupted", reason=SERVER_STOPPED)
        self._open = True

    async def stop(self) -> None:
        """End every job; those that went on are interrupted."""
        self._open = False
        going = list(self._tasks)
        await self._end(*going)
        for name in going:
            if self._records[name].state in GOING:
                await self._change(name, state="interrupted", reason=SERVER_STOPPED)
            else:  # it ended just now and may not have been saved
                await self._store.save(self._records[name])

    # --- what may be asked ------------------------------------------------------------------------

    async def begin(self, spec: Wanted) -> Record:
        """The job of this spec; begun unless it goes on or is finished. Raises what it is refused with."""
        spec.require()
        if not self._open:
            raise Conflict(reason=_STOPPING)
        name = spec.digest()
        known = self._records.get(name)
        if known is not None and known.state in GOING | {"finished"}:
            return known
        if len(self._tasks) >= MOST_WAITING:
            raise Conflict(reason=self.TOO_MANY.format(limit=MOST_WAITING))
        record = self.queued(name, spec, known)
        self._records[name] = record
        self._tasks[name] = asyncio.create_task(self._work(name), name=f"{self.KIND.en} {name}")
        self._tasks[name].add_done_callback(lambda task: self._done(name, task))
        await self._store.save(record)
        await self._forget_oldest()
        return record

    def get(self, name: str) -> Record:
        """Raises NotFound."""
        record = self._records.get(name)
        if record is None:
            raise NotFound(kind=self.KIND, name=name[:80])
        return record

    def list(self) -> Sequence[Record]:
        """The newest first."""
        return sorted(self._records.values(), key=lambda record: -record.created)

    async def halt(self, name: str) -> Record:
        """End the job if it goes on; what it has found stays. Raises NotFound."""
        if self.get(name).state in GOING:
            await self._end(name)
            if self.get(name).state in GOING:
                return await self._change(name, state="stopped")
        return self.get(name)

    async def delete(self, name: str) -> None:
        """End the job if it goes on, and forget it."""
        self.get(name)
        await self._end(name)
        self._records.pop(name, None)
        await self._store.remove(name)

    # --- inside -----------------------------------------------------------------------------------

    async def _work(self, name: str) -> None:
        async with self._turn:
            await self._change(name, state="running", started=time.time())
            try:
                process = await self._launch()
            except NoWorker as error:
                await self._change(name, state="failed", reason=error.text)
                return
            try:
                changes = await self._outcome(process, name)
            finally:
                process.kill()
                process.sock.close()
                await process.wait()
            await self._change(name, **changes)

    async def _outcome(self, process: WorkerProcess, name: str) -> dict[str, Any]:
        """What is to be said of the job once its process has answered, died or taken too long."""
        reader, writer = await asyncio.open_unix_connection(sock=process.sock)
        asked = self.asks(self._records[name])
        message = {**asked, "data_root": str(self._data_root), "memory": self._memory}
        try:
            writer.write(encode(message))
            async with asyncio.timeout(self._seconds):
                return await self._listen(reader, name)
        except TimeoutError:
            return failed(self.SLOW.format(seconds=round(self._seconds)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return failed(ended(await process.wait()))
        except (WireError, ValueError):
            return failed(ended(None))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader, name: str) -> dict[str, Any]:
        """Take what comes into the record until the last word; returns what that changes."""
        while True:
            header, _ = await read_message(reader)
            if header["type"] == "heartbeat":
                continue
            if header["type"] == "failed":
                return failed(Text.model_validate(header["reason"]))
            changes = self.heard(self._records[name], header)
            if header["type"] == "result":
                return {**changes, "state": "finished", "reason": None}
            if header["type"] == "progress":  # worth a look, not a word on the disk
                self._records[name] = self._records[name].model_copy(update=changes)
            else:
                await self._change(name, **changes)

    async def _change(self, name: str, **changes: Any) -> Record:
        record = self._records[name].model_copy(update=changes)
        self._records[name] = record
        await self._store.save(record)
        return record

    async def _end(self, *names: str) -> None:
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:  # it may have been begun again meanwhile
            del self._tasks[name]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("job not kept", kind=self.KIND.en, job=name, error=repr(error))
            if name in self._records:
                changes = failed(Text(en=str(error), zh=str(error)))
                self._records[name] = self._records[name].model_copy(update=changes)

    async def _forget_oldest(self) -> None:
        for record in list(self.list())[MOST_KEPT:]:
            if record.id not in self._tasks:
                await self.delete(record.id)


def failed(reason: Text) -> dict[str, Any]:
    """The changes of a job that found nothing."""
    return {"state": "failed", "reason": reason}

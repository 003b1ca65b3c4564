"""Baselines as jobs: one at a time in a process of its own, cancellable, limited in time and memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import structlog

from app.core.errors import Conflict, NotFound
from app.core.text import Text, text
from app.protocol.baselines import BaselineRecord, BaselineResult, BaselineState
from app.protocol.wire import WireError, encode, read_message
from app.runs.children import environment, python
from app.runs.exits import SERVER_STOPPED, NoWorker, ended
from app.runs.runner import Spawned, SpawnRunner
from app.spec.baseline import BaselineSpec

SECONDS = 180.0
MEMORY = 2 * 2**30
MOST_WAITING = 16
MOST_KEPT = 256
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_GOING: frozenset[BaselineState] = frozenset({"queued", "running"})
_KIND = text("baseline", "基线")
_SLOW = text(
    "It did not end within {seconds} s and was stopped. Fewer samples or rounds help.",
    "未能在 {seconds} 秒内结束，已停止。请减少样本数或轮数。",
)
_TOO_MANY = text(
    "{limit} baselines wait already. Wait until one has ended, or cancel one.",
    "已有 {limit} 个基线在等待。请等待其中一个结束，或取消一个。",
)
_STOPPING = text("the server is stopping.", "服务器正在停止。")
_log = structlog.get_logger(__name__)


class BaselineStore(Protocol):
    """What outlives the server."""

    async def load(self) -> list[BaselineRecord]: ...

    async def save(self, record: BaselineRecord) -> None: ...

    async def remove(self, name: str) -> None: ...


class Baselines:
    """The jobs of one server. The same spec is the same job: what was learnt once is answered at once."""

    def __init__(
        self,
        store: BaselineStore,
        data_root: Path,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self._store = store
        self._data_root = data_root
        self._seconds = seconds
        self._memory = memory
        command = python("-m", "app.worker.baselines")
        self._runner = SpawnRunner(command, environment(CUDA_VISIBLE_DEVICES="", **_ONE_THREAD))
        self._records: dict[str, BaselineRecord] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(1)
        self._open = False

    async def start(self) -> None:
        """Know what earlier servers left; what they had not finished is interrupted."""
        for record in await self._store.load():
            self._records[record.id] = record
            if record.state in _GOING:
                await self._change(record.id, state="interrupted", reason=SERVER_STOPPED)
        self._open = True

    async def stop(self) -> None:
        """End every job; those that went on are interrupted."""
        self._open = False
        going = list(self._tasks)
        await self._end(*going)
        for name in going:
            if self._records[name].state in _GOING:
                await self._change(name, state="interrupted", reason=SERVER_STOPPED)
            else:  # it ended just now and may not have been saved
                await self._store.save(self._records[name])

    async def begin(self, spec: BaselineSpec) -> BaselineRecord:
        """The job of this spec; begun unless it goes on or is finished. Raises BaselineMisfit."""
        spec.require()
        if not self._open:
            raise Conflict(reason=_STOPPING)
        name = spec.digest()
        known = self._records.get(name)
        if known is not None and known.state in _GOING | {"finished"}:
            return known
        if len(self._tasks) >= MOST_WAITING:
            raise Conflict(reason=_TOO_MANY.format(limit=MOST_WAITING))
        record = BaselineRecord(id=name, state="queued", spec=spec, created=time.time())
        self._records[name] = record
        self._tasks[name] = asyncio.create_task(self._work(name), name=f"baseline {name}")
        self._tasks[name].add_done_callback(lambda task: self._done(name, task))
        await self._store.save(record)
        await self._forget_oldest()
        return record

    def get(self, name: str) -> BaselineRecord:
        """Raises NotFound."""
        record = self._records.get(name)
        if record is None:
            raise NotFound(kind=_KIND, name=name[:80])
        return record

    def list(self) -> Sequence[BaselineRecord]:
        """The newest first."""
        return sorted(self._records.values(), key=lambda record: -record.created)

    async def delete(self, name: str) -> None:
        """Cancel the job if it goes on, and forget it."""
        self.get(name)
        await self._end(name)
        self._records.pop(name, None)
        await self._store.remove(name)

    # --- inside -----------------------------------------------------------------------------------

    async def _work(self, name: str) -> None:
        async with self._turn:
            record = await self._change(name, state="running", started=time.time())
            try:
                process = await self._runner.launch()
            except NoWorker as error:
                await self._change(name, state="failed", reason=error.text)
                return
            try:
                changes = await self._outcome(process, record.spec)
            finally:
                process.kill()
                process.sock.close()
                await process.wait()
            await self._change(name, **changes)

    async def _outcome(self, process: Spawned, spec: BaselineSpec) -> dict[str, Any]:
        """What is to be said of the job once its process has answered, died or taken too long."""
        reader, writer = await asyncio.open_unix_connection(sock=process.sock)
        message = {
            "spec": spec.model_dump(mode="json"),
            "data_root": str(self._data_root),
            "memory": self._memory,
        }
        try:
            writer.write(encode(message))
            async with asyncio.timeout(self._seconds):
                header, _ = await read_message(reader)
        except TimeoutError:
            return _failed(_SLOW.format(seconds=round(self._seconds)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return _failed(ended(await process.wait()))
        except (WireError, ValueError):
            return _failed(ended(None))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        if header["type"] == "result":
            result = BaselineResult.model_validate(header["result"])
            return {"state": "finished", "result": result, "reason": None}
        return _failed(Text.model_validate(header["reason"]))

    async def _change(self, name: str, **changes: Any) -> BaselineRecord:
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
            _log.error("baseline not kept", baseline=name, error=repr(error))
            if name in self._records:
                reason = Text(en=str(error), zh=str(error))
                changes = {"state": "failed", "reason": reason}
                self._records[name] = self._records[name].model_copy(update=changes)

    async def _forget_oldest(self) -> None:
        for record in list(self.list())[MOST_KEPT:]:
            if record.id not in self._tasks:
                await self.delete(record.id)


def _failed(reason: Text) -> dict[str, Any]:
    return {"state": "failed", "reason": reason}

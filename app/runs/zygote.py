"""CPU workers: one warm zygote process that is asked to fork them, and is started again if it dies."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress

import structlog

from app.core.children import Pid
from app.core.text import text
from app.runs.early import ForkServer
from app.runs.exits import NoWorker
from app.runs.interfaces import WorkerProcess

START_TIMEOUT = 60.0
FORK_TIMEOUT = 10.0
_STATUS_TIMEOUT = 2.0
_PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
_NOT_READY = text(
    "the process that starts workers is not ready.", "负责启动工作进程的进程尚未就绪。"
)
_DIED = text(
    "the process that starts workers ended; it is being started again.",
    "负责启动工作进程的进程已结束，正在重新启动。",
)
_log = structlog.get_logger(__name__)


class Forked:
    """A worker that the zygote forked. Its exit status comes by way of the zygote."""

    def __init__(self, pid: int, sock: socket.socket, status: asyncio.Future[int | None]) -> None:
        self.pid = pid
        self.sock = sock
        self._held = Pid(pid)
        self._status = status

    async def wait(self) -> int | None:
        try:
            return await asyncio.wait_for(asyncio.shield(self._status), _STATUS_TIMEOUT)
        except TimeoutError:
            return None
        finally:
            self._held.close()

    def kill(self) -> None:
        self._held.kill()


class Zygote:
    """One zygote process and the conversation with it; good until it dies."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self._forks: dict[int, asyncio.Future[int]] = {}
        self._statuses: dict[int, asyncio.Future[int | None]] = {}
        self._number = 0
        self._control: socket.socket | None = None
        self._process: ForkServer | None = None

    def start(self, process: ForkServer) -> None:
        """Speak with this process from now on."""
        self._process = process
        self._control = process.control
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._read)

    async def fork(self) -> Forked:
        """A new worker; raises NoWorker if the zygote dies meanwhile."""
        loop = asyncio.get_running_loop()
        self._number += 1
        number = self._number
        ours, theirs = socket.socketpair()
        forked = self._forks[number] = loop.create_future()
        status = self._statuses[number] = loop.create_future()
        try:
            await self._send(json.dumps({"fork": number}).encode(), theirs)
            pid = await asyncio.wait_for(forked, FORK_TIMEOUT)
        except (OSError, TimeoutError) as error:
            ours.close()
            if isinstance(error, TimeoutError) and self._process is not None:
                self._process.kill()  # it hangs: another one is started, and its workers live on
            raise NoWorker(reason=_DIED) from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            self._forks.pop(number, None)
        return Forked(pid, ours, status)

    async def stop(self) -> None:
        """Closing the control socket ends the zygote, and it its children.

        One that is still loading would not notice for seconds; it has no children and is killed.
        """
        loading = not self.ready.done()
        self._end()
        if self._process is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 0 if loading else 2)
        self._process.kill()
        await self._process.wait()

    async def _send(self, message: bytes, worker: socket.socket) -> None:
        while True:
            if self._control is None:
                raise NoWorker(reason=_DIED)
            try:
                socket.send_fds(self._control, [message], [worker.fileno()])
            except BlockingIOError:
                await asyncio.sleep(0.005)
            else:
                return

    def _read(self) -> None:
        try:
            while self._control is not None:
                packet = self._control.recv(65536)
                if not packet:
                    return self._end()
                self._handle(json.loads(packet))
        except BlockingIOError:
            pass
        except (OSError, ValueError):
            self._end()
        return None

    def _handle(self, message: dict[str, int]) -> None:
        if "ready" in message:
            if not self.ready.done():
                self.ready.set_result(None)
        elif "forked" in message:
            waiting = self._forks.get(message["forked"])
            if waiting is not None and not waiting.done():
                waiting.set_result(message["pid"])
        elif "exited" in message:
            status = self._statuses.pop(message["exited"], None)
            if status is not None and not status.done():
                status.set_result(message["status"])

    def _end(self) -> None:
        if self._control is None:
            return
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._control.close()
        self._control = None
        for waiting in self._forks.values():
            if not waiting.done():
                waiting.set_exception(NoWorker(reason=_DIED))
        for status in self._statuses.values():
            if not status.done():
                status.set_result(None)
        if not self.ready.done():
            self.ready.cancel()
        self.ended.set()


class CpuRunner:
    """Keeps a zygote alive and forks workers from it. The first may have been started before."""

    def __init__(self, first: ForkServer | None = None) -> None:
        self._first = first
        self._zygote: Zygote | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep(), name="zygote keeper")

    async def spawn(self) -> WorkerProcess:
        try:
            async with asyncio.timeout(START_TIMEOUT):
                zygote = await self._warm()
        except TimeoutError as error:
            raise NoWorker(reason=_NOT_READY) from error
        return await zygote.fork()

    async def ready(self) -> None:
        """Returns when workers can be forked at once."""
        await self._warm()

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait((self._keeper,))
            self._keeper = None

    async def _warm(self) -> Zygote:
        while True:
            zygote = self._zygote
            if zygote is not None:
                await asyncio.wait((zygote.ready,))
                if not zygote.ready.cancelled() and not zygote.ended.is_set():
                    return zygote
            await asyncio.sleep(0.05)

    async def _keep(self) -> None:
        """Start a zygote, and another when it ends; wait longer after each that was never ready."""
        failures = 0
        while True:
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            zygote = Zygote()
            try:
                first, self._first = self._first, None
                zygote.start(first or ForkServer())
                self._zygote = zygote
                await zygote.ended.wait()
                _log.warning("zygote ended")
            except OSError as error:
                _log.error("zygote not started", error=str(error))
            finally:
                self._zygote = None
                await zygote.stop()
            was_ready = zygote.ready.done() and not zygote.ready.cancelled()
            failures = 0 if was_ready else failures + 1

"""Workers as processes of their own: for GPUs, where forking is not possible. One warm spare waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from app.core.children import environment, launch, python
from app.core.text import Text
from app.runs.exits import NoWorker
from app.runs.interfaces import WorkerProcess

_ENV = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


class Spawned:
    """A worker that is our own child."""

    def __init__(self, process: asyncio.subprocess.Process, sock: socket.socket) -> None:
        self.pid = process.pid
        self.sock = sock
        self._process = process

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> int | None:
        return await self._process.wait()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()


class SpawnRunner:
    """Starts ``command`` with the number of its socket as last argument."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._command = tuple(command)
        self._env = dict(env)

    async def start(self) -> None:
        """Nothing is needed beforehand."""

    async def spawn(self) -> WorkerProcess:
        return await self.launch()

    async def stop(self) -> None:
        """Every worker belongs to its run."""

    async def launch(self) -> Spawned:
        ours, theirs = socket.socketpair()
        try:
            process = await launch([*self._command, str(theirs.fileno())], self._env, theirs)
        except OSError as error:
            ours.close()
            raise NoWorker(reason=Text(en=str(error), zh=str(error))) from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return Spawned(process, ours)


class GpuRunner(SpawnRunner):
    """CUDA workers. Importing torch and opening the device take seconds, so one is always ready."""

    def __init__(self) -> None:
        super().__init__(python("-m", "app.worker"), environment(**_ENV))
        self._spare: Spawned | None = None
        self._refill: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._refill = asyncio.create_task(self._fill(), name="gpu spare")

    async def spawn(self) -> WorkerProcess:
        spare, self._spare = self._spare, None
        if spare is not None and spare.ended:
            spare.sock.close()
            spare = None
        if spare is None:
            spare = await self.launch()
        if self._refill is None or self._refill.done():
            self._refill = asyncio.create_task(self._fill(), name="gpu spare")
        return spare

    async def stop(self) -> None:
        if self._refill is not None:
            self._refill.cancel()
            await asyncio.gather(self._refill, return_exceptions=True)
        if self._spare is not None:
            self._spare.sock.close()
            self._spare.kill()
            await self._spare.wait()
            self._spare = None

    async def _fill(self) -> None:
        if self._spare is None:
            self._spare = await self.launch()

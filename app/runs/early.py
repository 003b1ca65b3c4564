"""The process of the fork server, started before anything else: it imports torch while the web process
imports what it needs. Knows no event loop until it is waited for."""

from __future__ import annotations

import asyncio
import socket

from app.core.children import environment, python, start

_ENV = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ForkServer:
    """``control`` is the web's end of its socket; when that ends, so does the process."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.setblocking(False)
        try:
            command = python("-m", "app.worker.zygote", str(theirs.fileno()))
            self._process = start(command, environment(**_ENV), theirs)
        except BaseException:
            self.control.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """End it, whoever has used it or not."""
        self.control.close()
        self.kill()
        self._process.wait()

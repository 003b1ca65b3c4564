"""The process of the fork server, started before anything else: it imports torch while the web process
imports what it needs. Knows no event loop until it is waited for."""

from __future__ import annotations

import asyncio
import socket
import subprocess

from app.runs.children import environment, python

_ENV = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ForkServer:
    """``control`` is the web's end of its socket; when that ends, so does the process."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.setblocking(False)
        try:
            self._process = subprocess.Popen(
                python("-m", "app.worker.zygote", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment(**_ENV),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
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

"""Child processes of the web process: their environment, how they are watched and ended."""

from __future__ import annotations

import asyncio
import os
import signal
import site
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import app

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "VIRTUAL_ENV", "USER", "LOGNAME")
_KEPT_FAMILIES = (
    *("LC_", "LD_", "MALLOC_", "PYTHON", "XDG_CACHE"),
    *("TORCH", "OMP_", "MKL_", "CUDA", "CUBLAS", "CUDNN", "NVIDIA", "NCCL"),
)
_ROOT = Path(app.__file__).parents[1]


def environment(**extra: str) -> dict[str, str]:
    """What a child may know: an allow-list, so that no token or password is ever among it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_FAMILIES)
    }
    # Children run with -P: a torch.py in the folder the server was started in is not imported.
    if str(_ROOT) not in site.getsitepackages():
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), kept.get("PYTHONPATH"))))
    return {**kept, **extra}


def python(*arguments: str) -> list[str]:
    """The command line of a module of ours."""
    return [sys.executable, "-P", *arguments]


async def launch(
    command: Sequence[str], env: Mapping[str, str], keep: socket.socket
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own (a Ctrl-C in the server's terminal is not for it).

    ``keep`` stays open in the child under the number it has here.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=dict(env),
        pass_fds=(keep.fileno(),),
        start_new_session=True,
    )


class Pid:
    """A process that is not our child, held by a pidfd: a number used again is never hit."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd: int | None = None
        with suppress(OSError):
            self._fd = os.pidfd_open(pid)

    def kill(self) -> None:
        if self._fd is not None:
            with suppress(OSError):
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

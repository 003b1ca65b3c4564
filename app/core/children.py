"""The one place that starts processes: isolated from the working folder, and gone with their server.

Nothing that lies in the folder where somebody happens to start Glassnet is ever imported by a child.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import site
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_KEPT = (
    *("PATH", "HOME", "LANG", "TMPDIR", "TZ", "VIRTUAL_ENV", "USER", "LOGNAME"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPYCACHEPREFIX"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONIOENCODING"),
    *("PYTHONFAULTHANDLER", "PYTHONMALLOC", "PYTHONUNBUFFERED", "PYTHONWARNINGS"),
)
_KEPT_FAMILIES = (
    *("LC_", "LD_", "MALLOC_", "XDG_CACHE"),
    *("TORCH", "OMP_", "MKL_", "CUDA", "CUBLAS", "CUDNN", "NVIDIA", "NCCL"),
)
_PATHS = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE")
"""Lists of folders. An empty or relative entry of them means the working folder."""
_ROOT = Path(__file__).resolve().parents[2]
_PDEATHSIG = 1
_PARENT = "GLASSNET_STARTED_BY"


def environment(**extra: str) -> dict[str, str]:
    """What a child may know: an allow-list, so that no token or password is ever among it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_FAMILIES)
    }
    if str(_ROOT) not in site.getsitepackages():
        kept["PYTHONPATH"] = os.pathsep.join((str(_ROOT), kept.get("PYTHONPATH", "")))
    for name in _PATHS:
        if name in kept:
            kept[name] = _absolute(kept[name])
            if not kept[name]:
                del kept[name]
    return {**kept, **extra}


def _absolute(folders: str) -> str:
    entries = folders.split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())


def python(*arguments: str) -> list[str]:
    """The command line of a module of ours; ``-P`` leaves the working folder out of its path."""
    return [sys.executable, "-P", *arguments]


async def launch(
    command: Sequence[str],
    env: Mapping[str, str],
    keep: socket.socket | None = None,
    *,
    stdout: int = subprocess.DEVNULL,
    stderr: int | None = None,
    prepare: Callable[[], None] | None = None,
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own (a Ctrl-C in the server's terminal is not for it).

    ``keep`` stays open in the child under the number it has here; ``prepare`` runs in the child
    before the program does.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={**env, _PARENT: str(os.getpid())},
        pass_fds=() if keep is None else (keep.fileno(),),
        start_new_session=True,
        preexec_fn=prepare,
    )


def start(
    command: Sequence[str], env: Mapping[str, str], keep: socket.socket
) -> subprocess.Popen[bytes]:
    """As :func:`launch`, where no event loop runs yet."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**env, _PARENT: str(os.getpid())},
        pass_fds=(keep.fileno(),),
        start_new_session=True,
    )


def ask(*arguments: str, timeout: float) -> str:
    """What a module of ours prints; raises subprocess.TimeoutExpired or CalledProcessError."""
    finished = subprocess.run(
        python(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=True,
        env=environment(),
    )
    return finished.stdout


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """In a child: be killed when the process that started it dies, in the middle of an import or not.

    0 takes that back. Where the system cannot do it, the end of a socket is noticed later.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PDEATHSIG, int(number), 0, 0, 0)
    if number and os.environ.get(_PARENT, str(os.getppid())) != str(os.getppid()):
        os._exit(1)  # it died before this was asked


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

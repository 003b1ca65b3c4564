"""What a worker process may take of the machine: priority, memory, and who dies first."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import threading
from pathlib import Path

NICE = 10
HASTE = 0.3
"""Seconds that a new run may take at the server's own priority: somebody waits for its first step."""
OOM_SCORE = 500
_M_ARENA_MAX = -8
_KEPT = (
    "PATH HOME LANG LC_ TMPDIR TZ LD_ CUDA CUBLAS NVIDIA OMP_ MKL_ MALLOC_ PYTHON TORCH VIRTUAL_ENV"
)
KEPT_VARIABLES = tuple(_KEPT.split())
"""Beginnings of the names of environment variables that stay."""


def be_modest() -> None:
    """Yield to the server (soon), be the first to go when memory ends, know no secrets.

    Only the calling thread yields, which trains: those that pass its messages on stay quick.
    """
    trainer = threading.get_native_id()
    modest = min(19, os.getpriority(os.PRIO_PROCESS, trainer) + NICE)
    haste = threading.Timer(HASTE, os.setpriority, (os.PRIO_PROCESS, trainer, modest))
    haste.daemon = True
    haste.start()
    with contextlib.suppress(OSError):  # in a sandbox without /proc the kernel chooses
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    for name in list(os.environ):
        if not name.startswith(KEPT_VARIABLES):
            del os.environ[name]


class Heap:
    """The C library's heap: one for all threads, whose free pages go back to the system at times.

    Threads with a heap each, or a heap that is never trimmed, would keep several MiB for good.
    """

    INTERVAL = 60.0

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._trim = getattr(library, "malloc_trim", None)  # null where it is not glibc
        if hasattr(library, "mallopt"):
            library.mallopt(_M_ARENA_MAX, 1)
        self._due = 0.0
        self._used = False

    def tidy(self, now: float, *, resting: bool) -> None:
        """Give free pages back, once a minute of training and when it has come to rest.

        They are asked for again at the next step, so doing it often would cost.
        """
        if self._trim is not None and (now >= self._due or (resting and self._used)):
            self._due = now + self.INTERVAL
            self._trim(0)
        self._used = not resting


def limit_memory(extra: int) -> None:
    """Let the address space grow by ``extra`` bytes at most. Not for CUDA, which maps far more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    used = pages * os.sysconf("SC_PAGE_SIZE")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + extra
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))

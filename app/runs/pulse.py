"""Whether a process that says nothing still lives: what the kernel knows of it. Ends nothing.

A long operation that holds Python's lock, a full machine and a slow disk all silence a worker that is
well. It uses the processor then, or waits for it or for the disk; one that hangs does none of these.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

_AT_WORK = frozenset("RD")
"""Running or waiting for a processor; waiting for a disk."""
_IDLING = 0.05
"""Share of a processor below which nothing is done: a thread that waits for Python's lock looks whether
it is free two hundred times a second."""


_TICKS = os.sysconf("SC_CLK_TCK")


class Sign(Enum):
    """What a look at a silent process found."""

    WORKING = auto()
    STILL = auto()
    STOPPED = auto()
    """By a signal: it does nothing until another one lets it go on."""
    UNKNOWN = auto()


@dataclass
class Pulse:
    """Looks at one process, again and again; each look is compared with the one before."""

    pid: int
    _last: tuple[float, float] | None = None
    """When it was looked at, and the seconds that it had been on a processor."""

    def look(self) -> Sign:
        """What it has done since the last look. The first look cannot tell and says WORKING."""
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            states = {_state(task) for task in tasks}
            now = time.monotonic(), sum(_on_processor(task) for task in tasks)
        except (OSError, ValueError, IndexError):  # no such process any more, or no /proc
            return Sign.UNKNOWN
        last, self._last = self._last, now
        if states and states <= {"T"}:
            return Sign.STOPPED
        if states & _AT_WORK or last is None:
            return Sign.WORKING
        idle = abs(now[1] - last[1]) < _IDLING * (now[0] - last[0])  # less where a thread has ended
        return Sign.STILL if idle else Sign.WORKING


def _state(task: Path) -> str:
    """One letter, as in proc(5); the name before it may hold anything."""
    return (
        (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    )


def _on_processor(task: Path) -> float:
    """Seconds; to the nanosecond where the kernel counts them, else to a tick of its clock."""
    try:
        return int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        fields = (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / _TICKS

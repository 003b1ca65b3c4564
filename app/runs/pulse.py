"""Whether a process that says nothing still lives: what the kernel knows of it. Ends nothing.

A long operation that holds Python's lock, a full machine and a slow disk all silence a worker that is
well. It uses the processor then, or waits for it or for the disk; one that hangs does none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

_AT_WORK = frozenset("RD")
"""Running or waiting for a processor; waiting for a disk."""


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
    _used: int | None = None

    def look(self) -> Sign:
        """What it has done since the last look. The first look cannot tell and says WORKING."""
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            states = {_state(task) for task in tasks}
            used = sum(_on_processor(task) for task in tasks)
        except (OSError, ValueError, IndexError):  # no such process any more, or no /proc
            return Sign.UNKNOWN
        before, self._used = self._used, used
        if states and states <= {"T"}:
            return Sign.STOPPED
        if states & _AT_WORK or before is None or used != before:
            return Sign.WORKING
        return Sign.STILL


def _state(task: Path) -> str:
    """One letter, as in proc(5); the name before it may hold anything."""
    return (
        (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    )


def _on_processor(task: Path) -> int:
    """Nanoseconds where the kernel counts them, else ticks of its clock."""
    try:
        return int((task / "schedstat").read_text(encoding="ascii").split()[0])
    except OSError:
        fields = (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return int(user) + int(system)

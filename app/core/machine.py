"""What this machine lets a process have: its memory, or what its control groups leave of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def memory(groups: Path = _GROUPS, mount: Path = _MOUNT) -> int:
    """Bytes that all processes together may use: a container's limit where that is less."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *_limits(groups, mount)])


def _limits(groups: Path, mount: Path) -> Iterator[int]:
    """The limits of our group and of those around it, in both versions of the interface.

    In a container the path that the kernel names may lie outside of what is mounted: the mount's own
    root is asked as well.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, name = mount, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = mount / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = Path(path.lstrip("/"))
        for folder in (inner, *inner.parents):
            limit = _number(root / folder / name)
            if limit is not None:
                yield limit


def _number(file: Path) -> int | None:
    """A limit; null where there is no file or no limit."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no number
        return None

"""Files and folders that only their owner may read: written so, and brought to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OTHERS = 0o077
"""Every right of everybody but the owner."""


def write_private(path: Path, text: str) -> None:
    """Replace the file by this ASCII text, readable by its owner alone, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


@contextmanager
def private_files() -> Iterator[None]:
    """Within the block this process, and what it starts, makes files that are its owner's alone."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def private_folder(folder: Path) -> None:
    """Make the folder, and take everybody else's rights from it and from what an earlier version left.

    What belongs to somebody else stays as it is, and no link is followed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tighten(folder)


def _tighten(folder: Path) -> None:
    """The content first: a folder that is closed already has been looked through to its end."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and mode & OTHERS:
                    _tighten(Path(entry.path))
                elif stat.S_ISREG(mode) and mode & OTHERS:
                    Path(entry.path).chmod(stat.S_IMODE(mode) & ~OTHERS)
    with suppress(OSError):
        mode = folder.stat().st_mode
        if mode & OTHERS:
            folder.chmod(stat.S_IMODE(mode) & ~OTHERS)

"""Watches the data folder of a running server: is it still there, and is there room? Keeps a reserve."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.disk import CannotStore, FolderGone, disk_full

RESERVE = 200 * 2**20
"""Bytes that are kept free: nothing but deleting may use them."""
_SHARE = 20
"""Of a small disk no more than this part is kept free."""
_MARGIN = 32 * 2**10
_ROPE = 4 * 2**20
"""Bytes of a file that is given up where another program has filled the disk to the last byte."""


class Disk:
    """The disk under ``data``. ``database`` tells the folder from another one of its name."""

    def __init__(self, data: Path, database: Path, reserve: int = RESERVE) -> None:
        self._data = data
        self._database = database
        self._reserve = reserve
        self._rope = data / "reserve"
        self._identity: tuple[int, int] | None = None
        self._full = False

    def open(self) -> None:
        """From now on the folder must be the one that it is."""
        self._identity = self._present()
        self.restore()

    def here(self) -> bool:
        """Whether what is written still gets where it can be found."""
        return self._identity is None or self._present() == self._identity

    def require_here(self) -> None:
        if not self.here():
            raise FolderGone(folder=str(self._data))

    def trouble(self) -> CannotStore | None:
        """Why nothing more should be stored now. Once full, it takes a little more to be not."""
        if not self.here():
            return FolderGone(folder=str(self._data))
        try:
            usage = shutil.disk_usage(self._data)
        except OSError:
            return FolderGone(folder=str(self._data))
        kept = self.kept(usage.total)
        self._full = usage.free < (kept * 1.1 if self._full else kept)
        if self._full:
            return disk_full(self._data, kept)
        self.restore()
        return None

    def full(self) -> CannotStore:
        """For a write that the disk has refused."""
        return disk_full(self._data, self.kept(shutil.disk_usage(self._data).total))

    def kept(self, total: int) -> int:
        """Bytes that are kept free of a disk of ``total``."""
        return min(self._reserve, total // _SHARE)

    def restore(self) -> None:
        """Lay the reserve file, where there is room for it."""
        with suppress(OSError):
            usage = shutil.disk_usage(self._data)
            size = self._length(usage.total)
            if size and not self._rope.exists() and usage.free >= 2 * size:
                self._lay(size)

    @contextmanager
    def spared(self) -> Iterator[None]:
        """The reserve file is given up for what must be written even on a full disk; what is left of
        its room is taken again at once, before another program takes it."""
        with suppress(OSError):
            self._rope.unlink()
        try:
            yield
        finally:
            with suppress(OSError):
                usage = shutil.disk_usage(self._data)
                left = min(self._length(usage.total), usage.free - _MARGIN)
                if left > 0 and self.here():
                    self._lay(left)

    def _length(self, total: int) -> int:
        return min(_ROPE, self.kept(total) // 2)

    def _lay(self, size: int) -> None:
        number = os.open(self._rope, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(number, 0, size)
        except OSError:
            self._rope.unlink()
        finally:
            os.close(number)

    def _present(self) -> tuple[int, int] | None:
        try:
            status = self._database.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

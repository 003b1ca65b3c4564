"""The folders of snapshots: what is there, whether it verifies, and its removal with its run.

Snapshots are written by the worker. Nothing here needs torch: the header of a safetensors file and
the SHA-256 beside it are read with the standard library.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import struct
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from app.protocol.runs import SnapshotInfo

_log = structlog.get_logger(__name__)
_NAME = re.compile(r"^(\d+)-(\d{10,})\.safetensors$")
_MIDDLE, _PAUSES = frozenset({"timed", "step"}), frozenset({"pause", "start", "end"})
_LARGEST_HEADER = 64 * 2**20


class SnapshotFolders:
    """One folder a run under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, run: str) -> Path:
        return self.root / run

    def path(self, run: str, branch: int, step: int) -> Path:
        """Where that snapshot is, whether or not it exists."""
        return self.folder(run) / f"{branch}-{step:010d}.safetensors"

    async def listed(self, run: str) -> list[SnapshotInfo]:
        """What is on disk, by branch and step; a file without its checksum is not yet one."""
        return await asyncio.to_thread(_list, self.folder(run))

    async def logged(self, run: str, branch: int, step: int) -> int | None:
        """How many settings were in the log when it was taken; None if it does not verify.

        One that does not is set aside, under a name that says so.
        """
        return await asyncio.to_thread(_verified, self.path(run, branch, step))

    async def discard(self, run: str, branch: int, step: int) -> None:
        """Remove those of ``branch`` after ``step``, and those of every later branch."""
        await asyncio.to_thread(_discard, self.folder(run), branch, step)

    async def thin(self, budget: int, busy: Collection[str]) -> int:
        """Remove snapshots until those of all runs fit ``budget``; how many bytes are there then.

        The oldest runs' middle ones go first, then what was kept of their pauses. The first and the
        newest of a run stay, and everything of a run that has a worker, which thins its own.
        """
        return await asyncio.to_thread(_thin, self.root, budget, frozenset(busy))

    async def delete(self, run: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self.folder(run), ignore_errors=True)


def _sidecar(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _list(folder: Path) -> list[SnapshotInfo]:
    found = []
    for path in folder.glob("*.safetensors"):
        named = _NAME.match(path.name)
        beside = _sidecar(path)
        if named is None or beside is None:
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # thinned out by the worker meanwhile
            continue
        found.append(
            SnapshotInfo(
                branch=int(named[1]),
                step=int(named[2]),
                bytes=status.st_size,
                sha256=str(beside.get("weights", "")),
                time=status.st_mtime,
            )
        )
    return sorted(found, key=lambda info: (info.branch, info.step))


def _thin(root: Path, budget: int, busy: frozenset[str]) -> int:
    folders = sorted(path for path in root.glob("*") if path.is_dir())
    listed = {folder: _list(folder) for folder in folders}  # ids of runs are in order of time
    total = sum(info.bytes for found in listed.values() for info in found)
    for removes in (_MIDDLE, _PAUSES):
        for folder, found in listed.items():
            if folder.name in busy:
                continue
            for info in found[1:-1]:
                if total <= budget:
                    return total
                path = folder / f"{info.branch}-{info.step:010d}.safetensors"
                if (_sidecar(path) or {}).get("kind") in removes:
                    path.with_suffix(".json").unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
                    total -= info.bytes
    return total


def _discard(folder: Path, branch: int, step: int) -> None:
    for path in folder.glob("*.safetensors"):
        named = _NAME.match(path.name)
        if named is not None and (int(named[1]), int(named[2])) > (branch, step):
            # The checksum goes first: without it there is no snapshot.
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _verified(path: Path) -> int | None:
    counted = _verify(path)
    if counted is None and path.exists():
        for part in (path, path.with_suffix(".json")):
            with suppress(OSError):
                part.rename(part.with_name(f"{part.name}.damaged"))
        _log.warning("snapshot set aside", file=str(path))
    return counted


def _verify(path: Path) -> int | None:
    beside = _sidecar(path)
    if beside is None:
        return None
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != beside.get("sha256"):
                return None
            file.seek(0)
            return int(_header(file.read(8), file.read)["log"])
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def _header(head: bytes, read: Any) -> dict[str, Any]:
    """What the worker wrote about the snapshot: JSON under ``glassnet`` in ``__metadata__``."""
    (length,) = struct.unpack("<Q", head)
    if length > _LARGEST_HEADER:
        raise ValueError("no safetensors file")
    about = json.loads(json.loads(read(length))["__metadata__"]["glassnet"])
    if not isinstance(about, dict):
        raise ValueError("no snapshot of ours")
    return about

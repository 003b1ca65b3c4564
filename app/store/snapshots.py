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
from pathlib import Path
from typing import Any

from app.protocol.runs import SnapshotInfo

_NAME = re.compile(r"^(\d+)-(\d{10,})\.safetensors$")
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
        """How many settings were in the log when it was taken; None if it does not verify."""
        return await asyncio.to_thread(_verify, self.path(run, branch, step))

    async def discard(self, run: str, branch: int, step: int) -> None:
        """Remove those of ``branch`` after ``step``, and those of every later branch."""
        await asyncio.to_thread(_discard, self.folder(run), branch, step)

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


def _discard(folder: Path, branch: int, step: int) -> None:
    for path in folder.glob("*.safetensors"):
        named = _NAME.match(path.name)
        if named is not None and (int(named[1]), int(named[2])) > (branch, step):
            # The checksum goes first: without it there is no snapshot.
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


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

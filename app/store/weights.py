"""Files of weights that were brought along: kept by their SHA-256, never changed.

A run that starts from one names it in its spec, so that reset and replay find the same numbers. What no
run names, and nobody has asked for in an hour, is removed when the server starts or a run is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from app.core.disk import disk_full
from app.core.errors import NotFound
from app.core.ids import new_id
from app.core.text import text
from app.protocol.refusals import FileTooLarge
from app.protocol.runs import TensorInfo, WeightsInfo
from app.store import tensors

LARGEST = 256 * 2**20
"""Bytes of a file at most: the largest network has 50 million parameters of four bytes."""
KEPT_SECONDS = 3600.0
"""How long a file is kept for a run that is yet to be made, or for a page that still shows its spec."""


class WeightFiles:
    """The files under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where that file is, whether or not it exists."""
        return self.root / f"{sha256}.safetensors"

    async def add(self, parts: AsyncIterator[bytes]) -> WeightsInfo:
        """Keep a file that arrives in parts; raises what is wrong with it, and then keeps nothing."""
        partial = self.root / f"{new_id()}.part"
        try:
            self.root.mkdir(exist_ok=True)
            digest = hashlib.sha256()
            with partial.open("wb") as file:
                size = 0
                async for part in parts:
                    size += len(part)
                    if size > LARGEST:
                        raise FileTooLarge(limit=LARGEST // 2**20)
                    digest.update(part)
                    await asyncio.to_thread(file.write, part)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            return await asyncio.to_thread(self._keep, partial, digest.hexdigest())
        except OSError as error:
            raise await asyncio.to_thread(disk_full, self.root.parent) from error
        finally:
            partial.unlink(missing_ok=True)

    async def get(self, sha256: str) -> WeightsInfo:
        """What a kept file holds; raises NotFound."""
        return await asyncio.to_thread(self._described, sha256)

    async def unasked(self) -> list[str]:
        """Files that nobody has brought or asked for of late; parts that a server left are removed."""
        return await asyncio.to_thread(self._unasked)

    async def remove(self, sha256: str) -> None:
        """A file that no run needs."""
        await asyncio.to_thread(self.path(sha256).unlink, missing_ok=True)

    def _unasked(self) -> list[str]:
        since = time.time() - KEPT_SECONDS
        old = [path for path in self.root.glob("*.*") if _modified(path) < since]
        for path in old:
            if path.suffix == ".part":
                path.unlink(missing_ok=True)
        return [path.stem for path in old if path.suffix == ".safetensors"]

    def _keep(self, partial: Path, sha256: str) -> WeightsInfo:
        entries = tensors.read(partial)
        tensors.require_finite(partial, entries)
        partial.replace(self.path(sha256))
        return self._described(sha256)

    def _described(self, sha256: str) -> WeightsInfo:
        path = self.path(sha256)
        if not path.is_file():
            raise NotFound(
                pointer="/weights", kind=text("file of weights", "权值文件"), name=sha256[:12]
            )
        os.utime(path)  # somebody is interested in it
        found = tensors.read(path)
        listed = [
            TensorInfo(name=name, dtype=entry.dtype, shape=entry.shape)
            for name, entry in found.items()
        ]
        return WeightsInfo(sha256=sha256, bytes=path.stat().st_size, tensors=listed)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()

"""Files of weights that were brought along: kept by their SHA-256, never changed.

A run that starts from one names it in its spec, so that reset and replay find the same numbers.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.core.errors import NotFound
from app.core.ids import new_id
from app.core.text import text
from app.protocol.refusals import FileTooLarge
from app.protocol.runs import TensorInfo, WeightsInfo
from app.store import tensors

LARGEST = 256 * 2**20
"""Bytes of a file at most: the largest network has 50 million parameters of four bytes."""


class WeightFiles:
    """The files under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where that file is, whether or not it exists."""
        return self.root / f"{sha256}.safetensors"

    async def add(self, parts: AsyncIterator[bytes]) -> WeightsInfo:
        """Keep a file that arrives in parts; raises what is wrong with it, and then keeps nothing."""
        self.root.mkdir(parents=True, exist_ok=True)
        partial = self.root / f"{new_id()}.part"
        try:
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
        finally:
            partial.unlink(missing_ok=True)

    async def get(self, sha256: str) -> WeightsInfo:
        """What a kept file holds; raises NotFound."""
        return await asyncio.to_thread(self._described, sha256)

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
        found = tensors.read(path)
        listed = [
            TensorInfo(name=name, dtype=entry.dtype, shape=entry.shape)
            for name, entry in found.items()
        ]
        return WeightsInfo(sha256=sha256, bytes=path.stat().st_size, tensors=listed)

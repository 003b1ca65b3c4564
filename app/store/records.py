"""A folder of jobs: one JSON file each, written whole or not at all."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from app.core.disk import disk_full
from app.protocol.baselines import BaselineRecord
from app.protocol.jobs import JobRecord
from app.protocol.lag import LagRecord

Done = TypeVar("Done")
Record = TypeVar("Record", bound=JobRecord)


class RecordFiles(Generic[Record]):
    """Records under ``folder`` by their id. A file that is none is passed over.

    One thread does it all in order: a removal comes after a save that nobody waits for any more.
    """

    KIND: type[Record]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._thread = ThreadPoolExecutor(1, "records")

    async def load(self) -> list[Record]:
        """Every record, oldest first."""
        return await self._do(self._load)

    async def save(self, record: Record) -> None:
        await self._do(partial(self._save, record))

    async def remove(self, name: str) -> None:
        path = self.folder / f"{name}.json"
        await self._do(partial(path.unlink, missing_ok=True))

    async def _do(self, work: Callable[[], Done]) -> Done:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _load(self) -> list[Record]:
        found = []
        for path in self.folder.glob("*.json"):
            try:
                found.append(self.KIND.model_validate_json(path.read_bytes()))
            except (OSError, ValidationError):
                continue
        return sorted(found, key=lambda record: record.created)

    def _save(self, record: Record) -> None:
        try:
            self._write(record)
        except OSError as error:
            raise disk_full(self.folder.parent) from error

    def _write(self, record: Record) -> None:
        self.folder.mkdir(exist_ok=True)
        number, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".new")
        with os.fdopen(number, "wb") as file:
            file.write(record.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.folder / f"{record.id}.json")


class BaselineFiles(RecordFiles[BaselineRecord]):
    """The folder of baselines."""

    KIND = BaselineRecord


class LagFiles(RecordFiles[LagRecord]):
    """The folder of lag experiments."""

    KIND = LagRecord

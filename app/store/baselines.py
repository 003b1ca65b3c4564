"""The folder of baselines: one JSON file a job, written whole or not at all."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from app.protocol.baselines import BaselineRecord


class BaselineFiles:
    """Records under ``folder`` by their id. A file that is none is passed over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def load(self) -> list[BaselineRecord]:
        """Every record, oldest first."""
        return await asyncio.to_thread(self._load)

    async def save(self, record: BaselineRecord) -> None:
        await asyncio.to_thread(self._save, record)

    async def remove(self, name: str) -> None:
        await asyncio.to_thread((self.folder / f"{name}.json").unlink, missing_ok=True)

    def _load(self) -> list[BaselineRecord]:
        found = []
        for path in self.folder.glob("*.json"):
            try:
                found.append(BaselineRecord.model_validate_json(path.read_bytes()))
            except (OSError, ValidationError):
                continue
        return sorted(found, key=lambda record: record.created)

    def _save(self, record: BaselineRecord) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".new")
        with os.fdopen(number, "wb") as file:
            file.write(record.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.folder / f"{record.id}.json")

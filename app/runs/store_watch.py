"""Watches whether the store takes anything, holds the runs while it does not, and thins snapshots."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from app.core.disk import CannotStore
from app.runs.interfaces import RunStore
from app.runs.run import Run

LOOK_SECONDS = 1.0
THIN_SECONDS = 30.0
_log = structlog.get_logger(__name__)


class StoreWatch:
    """``runs`` are those in memory; ``budget`` is what the snapshots of all runs may take, in bytes."""

    def __init__(self, store: RunStore, runs: Mapping[str, Run], budget: int) -> None:
        self.trouble: CannotStore | None = None
        """Why nothing can be stored now; looked at every second."""
        self.snapshot_bytes = 0
        """What the snapshots of all runs take; looked at every half minute."""
        self.budget = budget
        self._store = store
        self._runs = runs

    def require_room(self) -> None:
        """Raises why nothing new can be taken now."""
        if self.trouble is not None:
            raise self.trouble

    async def watch(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._look()
            if loop.time() >= due and self.trouble is None:
                due = loop.time() + THIN_SECONDS
                busy = [name for name, run in self._runs.items() if run.busy]
                self.snapshot_bytes = await self._store.snapshots.thin(self.budget, busy)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        trouble = await self._store.trouble()
        if (trouble is None) != (self.trouble is None):
            _log.warning("store", trouble=None if trouble is None else str(trouble))
        self.trouble = trouble
        for run in list(self._runs.values()):
            run.hold(trouble)

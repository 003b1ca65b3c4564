"""When a run's snapshots are taken, and by which thread: timed ones in the background.

Says what happened by events. A disk that refuses ends no training.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from app.core.text import text
from app.engine.snapshots import Entry, Kind, Loaded, Store
from app.protocol.events import AnyEvent, Note, SnapshotTaken

INTERVAL = 2.0
"""Seconds of training between two snapshots: about what a replay may take."""
SHARE = 50
"""A snapshot that took t to copy is not followed by another before SHARE·t."""

Facts = Callable[[], dict[str, Any]]
Tensors = Callable[[], dict[str, torch.Tensor]]


class Keeper:
    """Takes the snapshots of one run. ``store`` is null where none are wanted."""

    def __init__(self, store: Store | None, emit: Callable[[AnyEvent], None]) -> None:
        self.store = store
        self._emit = emit
        self._pool = ThreadPoolExecutor(1, "snapshots") if store else None
        self._pending: Future[Entry | None] | None = None
        self._due = time.monotonic() + INTERVAL
        self._copies: dict[str, torch.Tensor] = {}
        self.last: tuple[int, int] | None = None
        """(branch, step) of the newest snapshot that was asked for."""

    def restart(self, since: float = 0.0) -> None:
        """The clock for timed snapshots starts when training does, ``since`` seconds of training after
        the last snapshot: a run that dies again and again makes no step more than those twice."""
        self._due = time.monotonic() + max(0.0, INTERVAL - since)

    def due(self, now: float) -> bool:
        return self.store is not None and now >= self._due and not self.busy

    @property
    def busy(self) -> bool:
        return self._pending is not None and not self._pending.done()

    def take(
        self,
        kind: Kind,
        place: tuple[int, int],
        tensors: Tensors,
        facts: Facts,
        *,
        wait: bool,
    ) -> Entry | None:
        """Copy the state now; write it here (``wait``) or in the background."""
        if self._pool is None:
            return None
        began = time.monotonic()
        self.settle()
        self.last = place
        state, about = self._copied(tensors()), facts()
        self._pending = self._pool.submit(self._write, kind, place, state, about)
        self._due = time.monotonic() + max(INTERVAL, SHARE * (time.monotonic() - began))
        return self._pending.result() if wait else None

    def _copied(self, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state as it is now, in memory that is used again and again: a heap that a thread and
        a training share would come apart otherwise."""
        for name, value in tensors.items():
            copy = self._copies.get(name)
            if copy is None or copy.shape != value.shape or copy.dtype != value.dtype:
                self._copies[name] = torch.empty(value.shape, dtype=value.dtype)
            self._copies[name].copy_(value)
        return {name: self._copies[name] for name in tensors}

    def _write(
        self,
        kind: Kind,
        place: tuple[int, int],
        tensors: dict[str, torch.Tensor],
        facts: dict[str, Any],
    ) -> Entry | None:
        assert self.store is not None
        branch, step = place
        try:
            entry = self.store.save(branch, step, kind, tensors, facts)
        except OSError as error:
            self._emit(_refused(branch, step, error))
            return None
        self._emit(SnapshotTaken(branch=branch, step=step, sha256=entry.weights, bytes=entry.bytes))
        return entry

    def settle(self) -> None:
        """Wait for the snapshot that is being written."""
        if self._pending is not None:
            self._pending.result()

    def nearest(self, lineage: list[tuple[int, int | None]], step: int) -> Loaded | None:
        """The newest verified snapshot of the line at or before ``step``."""
        self.settle()
        return self.store.nearest(lineage, step) if self.store else None

    def steps(self, lineage: list[tuple[int, int | None]]) -> list[int]:
        """Steps of the line that have a snapshot, in order."""
        self.settle()
        return self.store.steps(lineage) if self.store else []

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)


def _refused(branch: int, step: int, error: OSError) -> Note:
    return Note(
        branch=branch,
        step=step,
        code="snapshot_failed",
        message=text(
            f"The snapshot of step {step} could not be written: {error.strerror}. "
            "Training goes on; going back and resuming take longer.",
            f"第 {step} 步的快照无法写入：{error.strerror}。训练继续，但回退与恢复会更慢。",
        ),
        params={"reason": str(error.strerror)},
    )

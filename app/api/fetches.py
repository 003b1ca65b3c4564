"""Downloads of data sets that a user asked for: one at a time per set, with progress."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from app.catalog.datasets import Dataset
from app.core.errors import DownloadFailed, GlassnetError, Problem
from app.core.text import text

STOPPED = text("the server was stopped", "服务器已停止")


@dataclass
class Fetch:
    """One download: how far it is, and why it ended if it failed."""

    done: int = 0
    total: int | None = None
    error: Problem | None = None
    running: bool = True


class Fetches:
    """The downloads of one server. ``root`` is the folder that data sets are kept in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._fetches: dict[str, Fetch] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        """The downloads that go on."""
        self._stopping = False

    def of(self, kind: str) -> Fetch | None:
        return self._fetches.get(kind)

    def begin(self, dataset: Dataset) -> None:
        """Start the download unless it is going on or the files are there."""
        current = self._fetches.get(dataset.kind())
        if dataset.available(self.root) or (current and current.running):
            return
        fetch = Fetch(total=dataset.DOWNLOAD_BYTES or None)
        self._fetches[dataset.kind()] = fetch
        task = asyncio.create_task(self._run(dataset, fetch))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _run(self, dataset: Dataset, fetch: Fetch) -> None:
        def progress(done: int, total: int | None) -> None:
            if self._stopping:
                raise DownloadFailed(url=dataset.TITLE, reason=STOPPED)
            fetch.done = done
            fetch.total = total or fetch.total

        try:
            await asyncio.to_thread(dataset.fetch, self.root, progress)
        except GlassnetError as error:
            fetch.error = error.problem()
        except OSError as error:
            failed = DownloadFailed(url=dataset.TITLE, reason=str(error.strerror or error))
            fetch.error = failed.problem()
        finally:
            fetch.running = False

    async def stop(self) -> None:
        """End every download at its next piece; what arrived so far is dropped."""
        self._stopping = True
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=2)

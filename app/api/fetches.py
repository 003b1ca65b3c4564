"""Downloads of data sets that a user asked for: one at a time per set, with progress."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.catalog.datasets import Data, Dataset
from app.core.errors import GlassnetError, Problem
from app.core.text import text


class FetchFailed(GlassnetError):
    code, status = "fetch_failed", 502
    message = text(
        "“{name}” could not be downloaded: {reason}. Check the connection and try again, or put "
        "its files into the folder {folder}.",
        "无法下载“{name_zh}”：{reason}。请检查网络后重试，或将文件放入文件夹 {folder}。",
    )


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
        self._tasks: set[asyncio.Task[None]] = set()

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
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, dataset: Dataset, fetch: Fetch) -> None:
        def progress(done: int, total: int | None) -> None:
            fetch.done = done
            fetch.total = total or fetch.total

        try:
            await asyncio.to_thread(dataset.fetch, self.root, progress)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(getattr(error, "reason", error)).rstrip(".")
            fetch.error = _failed(dataset, reason, self.root).problem()
        except GlassnetError as error:
            fetch.error = error.problem()
        finally:
            fetch.running = False


def _failed(dataset: Dataset, reason: str, root: Path) -> FetchFailed:
    title = dataset.TITLE
    return FetchFailed(name=title.en, name_zh=title.zh, reason=reason, folder=str(root))


@lru_cache(maxsize=2)
def arrays(dataset: Dataset, root: Path) -> Data:
    """The loaded set; the last two stay in memory. Blocks: call it in a thread."""
    return dataset.load(root)

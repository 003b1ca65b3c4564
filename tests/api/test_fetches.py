"""Downloads in the background: progress while they go, a reason where they fail, an end at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from app.api.fetches import Fetches
from app.catalog.datasets import Dataset
from app.core.errors import DownloadFailed
from app.core.text import text


class Remote(Dataset):
    """A set whose download does what a test wants."""

    TITLE = text("Remote", "远程")
    SUMMARY = TITLE
    GROUP = TITLE
    DOWNLOAD_BYTES = 100

    type: Literal["remote"] = "remote"

    def available(self, root: Path) -> bool:
        return (root / "here").exists()

    def fetch(self, root: Path, progress: Callable[[int, int | None], None]) -> None:
        STEPS[root.name](root, progress)


STEPS: dict[str, Callable[[Path, Callable[[int, int | None], None]], None]] = {}


async def settled(fetches: Fetches) -> None:
    """Wait until the download is over."""
    await asyncio.wait(fetches.tasks)


async def test_progress_then_success(tmp_path: Path) -> None:
    half, go_on = threading.Event(), threading.Event()

    def download(root: Path, progress: Callable[[int, int | None], None]) -> None:
        progress(50, 100)
        half.set()
        assert go_on.wait(10)
        (root / "here").touch()
        progress(100, 100)

    STEPS[tmp_path.name] = download
    fetches = Fetches(tmp_path)
    fetches.begin(Remote())
    fetches.begin(Remote())
    await asyncio.to_thread(half.wait, 10)
    fetch = fetches.of("remote")
    assert fetch is not None
    assert (fetch.done, fetch.total, fetch.running) == (50, 100, True)
    go_on.set()
    await settled(fetches)
    assert (fetch.done, fetch.error) == (100, None)
    fetches.begin(Remote())
    assert fetches.of("remote") is fetch


async def test_a_failure_is_told_in_both_languages_and_can_be_tried_again(tmp_path: Path) -> None:
    def refuse(root: Path, progress: Callable[[int, int | None], None]) -> None:
        raise DownloadFailed(url="http://x", reason="no connection")

    def fill(root: Path, progress: Callable[[int, int | None], None]) -> None:
        raise OSError(28, "No space left on device")

    fetches = Fetches(tmp_path)
    for download, said in ((refuse, "no connection"), (fill, "No space left")):
        STEPS[tmp_path.name] = download
        fetches.begin(Remote())
        await settled(fetches)
        fetch = fetches.of("remote")
        assert fetch is not None
        assert fetch.error is not None
        assert fetch.error.code == "download_failed"
        assert said in fetch.error.message.en
        assert "无法下载" in fetch.error.message.zh


async def test_the_end_of_the_server_ends_it(tmp_path: Path) -> None:
    begun = threading.Event()

    def slowly(root: Path, progress: Callable[[int, int | None], None]) -> None:
        while True:
            progress(1, None)
            begun.set()

    STEPS[tmp_path.name] = slowly
    fetches = Fetches(tmp_path)
    fetches.begin(Remote())
    await asyncio.to_thread(begun.wait, 10)
    await fetches.stop()
    fetch = fetches.of("remote")
    assert fetch is not None
    assert not fetch.running

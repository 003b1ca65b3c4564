"""Uploads of one server: bytes to disk as they come, then read by a process of their own.

This process never holds more than a piece of a file.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.core.children import environment, launch, python
from app.core.disk import CannotStore, FolderGone, disk_full
from app.core.errors import NotFound, Problem
from app.core.ids import new_id
from app.core.text import text
from app.own.keep import Wanted
from app.own.refusals import (
    EmptyFile,
    ReaderDied,
    TooManyUploads,
)

MOST_AT_A_TIME = 4
"""Processes that read; what was received meanwhile has its turn later."""
MOST_WAITING = 12
READING_SECONDS = 900.0
MEMORY = 2**30
"""Address space of the reader: it needs a few MiB of it."""
REMEMBERED = 50
_ENV = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # looking for them takes a tenth of a second
    "PYTHONUTF8": "1",
}
State = Literal["receiving", "reading", "done", "failed"]


@dataclass
class Upload:
    """One upload: how far it is, and what became of it."""

    id: str
    state: State = "receiving"
    progress: float = 0.0
    digest: str | None = None
    error: Problem | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Uploads:
    """``folder`` is for files under way, ``root`` where the finished sets lie."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder.absolute()
        self._root = root
        self._uploads: dict[str, Upload] = {}
        self._readers = asyncio.Semaphore(MOST_AT_A_TIME)

    def tidy(self) -> None:
        """Drop what an earlier server had under way."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def get(self, upload: str) -> Upload:
        """Raises NotFound."""
        if upload not in self._uploads:
            raise NotFound(kind=text("upload", "上传"), name=upload[:32])
        return self._uploads[upload]

    async def receive(self, pieces: AsyncIterator[bytes], **wanted: Any) -> Upload:
        """Take the whole file, then begin to read it. What is raised leaves nothing behind."""
        busy = sum(one.state == "reading" for one in self._uploads.values())
        if busy >= MOST_AT_A_TIME + MOST_WAITING:
            raise TooManyUploads(limit=busy)
        if not self._folder.parent.is_dir():
            raise FolderGone(folder=str(self._folder.parent))
        upload = Upload(new_id())
        self._remember(upload)
        folder = self._folder / upload.id
        try:
            folder.mkdir(parents=True)
            said = Wanted(root=self._root.absolute(), **wanted).model_dump_json()
            (folder / "wanted.json").write_text(said, "utf-8")
            await self._store(pieces, folder / "upload")
        except BaseException as error:
            del self._uploads[upload.id]
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise await self._refused() from error
            raise
        upload.state = "reading"
        upload.task = asyncio.create_task(self._in_turn(upload, folder), name="read upload")
        return upload

    async def _refused(self) -> CannotStore:
        data = self._folder.parent
        if not data.is_dir():
            return FolderGone(folder=str(data))
        return await asyncio.to_thread(disk_full, data)

    def _remember(self, upload: Upload) -> None:
        self._uploads[upload.id] = upload
        old = [one for one in self._uploads.values() if one.state in ("done", "failed")]
        for one in old[: max(0, len(self._uploads) - REMEMBERED)]:
            del self._uploads[one.id]

    async def _store(self, pieces: AsyncIterator[bytes], target: Path) -> None:
        size = 0
        with target.open("xb") as file:  # the writes go to a thread
            async for piece in pieces:
                size += len(piece)
                await asyncio.to_thread(file.write, piece)
        if not size:
            raise EmptyFile

    async def _in_turn(self, upload: Upload, folder: Path) -> None:
        async with self._readers:
            await self._read(upload, folder)

    async def _read(self, upload: Upload, folder: Path) -> None:
        process = None
        try:
            process = await launch(
                python("-m", "app.own", str(folder)),
                environment(**_ENV),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                prepare=_bounded,
            )
            async with asyncio.timeout(READING_SECONDS):
                assert process.stdout is not None
                async for line in process.stdout:
                    self._heard(upload, json.loads(line))
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            if process is not None and process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            if upload.state == "reading":
                self._fail(upload, ReaderDied().problem())

    def _heard(self, upload: Upload, message: dict[str, Any]) -> None:
        if "progress" in message:
            upload.progress = float(message["progress"])
        elif "done" in message:
            upload.digest, upload.progress, upload.state = str(message["done"]), 1.0, "done"
        elif "full" in message:
            self._fail(upload, disk_full(self._folder.parent).problem())
        elif "failed" in message:
            self._fail(upload, Problem.model_validate(message["failed"]))

    def _fail(self, upload: Upload, problem: Problem) -> None:
        upload.error, upload.state = problem, "failed"

    async def stop(self) -> None:
        """End what is being read."""
        tasks = [one.task for one in self._uploads.values() if one.task and not one.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bounded() -> None:
    """In the child, before it starts: no more memory and no more time than reading a file takes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

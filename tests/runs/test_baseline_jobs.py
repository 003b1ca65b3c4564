"""Baselines as jobs: real processes, a real folder; cancelled, too slow, killed, found again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from app.core.errors import NotFound
from app.engine.baselines import parse_spec
from app.protocol.baselines import BaselineRecord
from app.runs.baselines import Baselines, launch
from app.spec.baseline import BaselineMisfit
from app.store.records import BaselineFiles
from tests.waiting import eventually

Seen = TypeVar("Seen")
QUICK = {"dataset": {"type": "digits8"}, "baseline": {"type": "linear_svm"}}
LONG = {
    "dataset": {"type": "digits28"},
    "baseline": {"type": "boosting", "rounds": 200, "leaves": 63},
}


@asynccontextmanager
async def jobs(folder: Path, **limits: Any) -> AsyncIterator[Baselines]:
    baselines = Baselines(BaselineFiles(folder), folder, launch, **limits)
    await baselines.start()
    try:
        yield baselines
    finally:
        await baselines.stop()


async def until(look: Callable[[], Seen | None]) -> Seen:
    """The first true value of ``look``."""

    async def looked() -> Seen | None:
        return look()

    return await eventually(looked, "what a job should become")


async def end_of(baselines: Baselines, name: str) -> BaselineRecord:
    return await until(lambda: baselines.get(name) if ended(baselines.get(name)) else None)


def ended(record: BaselineRecord) -> bool:
    return record.state not in ("queued", "running")


def workers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "app.worker.baselines" in child.cmdline():
                found.append(child)
    return found


async def worker() -> psutil.Process:
    return (await until(workers))[0]


async def test_a_job_learns_and_is_found_again_by_the_next_server(tmp_path: Path) -> None:
    async with jobs(tmp_path) as baselines:
        begun = await baselines.begin(parse_spec(QUICK))
        assert begun.state == "queued"
        record = await end_of(baselines, begun.id)
        assert record.state == "finished", record.reason
        assert record.result is not None
        assert record.result.accuracy is not None
        assert record.result.accuracy > 0.85
        assert await baselines.begin(parse_spec(QUICK)) == record  # nothing is learnt twice
        assert not workers()
    async with jobs(tmp_path) as later:
        assert later.get(begun.id) == record
        await later.delete(begun.id)
        with pytest.raises(NotFound):
            later.get(begun.id)
    assert await BaselineFiles(tmp_path).load() == []


async def test_one_learns_at_a_time_and_deleting_ends_its_process(tmp_path: Path) -> None:
    async with jobs(tmp_path) as baselines:
        long = await baselines.begin(parse_spec(LONG))
        quick = await baselines.begin(parse_spec(QUICK))
        process = await worker()
        assert baselines.get(long.id).state == "running"
        assert baselines.get(quick.id).state == "queued"
        assert [record.id for record in baselines.list()] == [quick.id, long.id]
        await baselines.delete(long.id)
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        assert (await end_of(baselines, quick.id)).state == "finished"
        assert [record.id for record in baselines.list()] == [quick.id]


async def test_a_worker_is_modest_and_its_violent_end_is_explained(tmp_path: Path) -> None:
    async with jobs(tmp_path) as baselines:
        record = await baselines.begin(parse_spec(LONG))
        process = await worker()
        await until(lambda: process.nice() >= 10)
        os.kill(process.pid, signal.SIGKILL)
        failed = await end_of(baselines, record.id)
        assert failed.state == "failed"
        assert failed.reason is not None
        assert "memory" in failed.reason.en
        assert (await baselines.begin(parse_spec(LONG))).state == "queued"  # tried again


async def test_what_is_begun_again_at_once_is_still_ended_with_the_server(tmp_path: Path) -> None:
    class Slow(BaselineFiles):
        """Keeps the last word of a job for a while: it can be begun again before."""

        async def save(self, record: BaselineRecord) -> None:
            await super().save(record)
            if record.state == "failed":
                await heard.wait()

    heard = asyncio.Event()
    baselines = Baselines(Slow(tmp_path), tmp_path, launch, seconds=0.2)
    await baselines.start()
    name = (await baselines.begin(parse_spec(LONG))).id
    await end_of(baselines, name)
    await baselines.begin(parse_spec(LONG))
    heard.set()
    await worker()
    await baselines.stop()
    assert not workers()


async def test_what_takes_too_long_is_stopped(tmp_path: Path) -> None:
    async with jobs(tmp_path, seconds=0.2) as baselines:
        record = await baselines.begin(parse_spec(LONG))
        failed = await end_of(baselines, record.id)
        assert failed.state == "failed"
        assert failed.reason is not None
        assert "did not end" in failed.reason.en
        assert "未能" in failed.reason.zh
        assert not workers()


async def test_memory_is_limited(tmp_path: Path) -> None:
    async with jobs(tmp_path, memory=1 << 23) as baselines:
        record = await baselines.begin(parse_spec({**LONG, "samples": 4000}))
        failed = await end_of(baselines, record.id)
        assert failed.state == "failed"
        assert failed.reason is not None
        assert "memory" in failed.reason.en.lower()


async def test_a_stopped_server_leaves_interrupted_jobs_that_can_be_begun_again(
    tmp_path: Path,
) -> None:
    async with jobs(tmp_path) as baselines:
        record = await baselines.begin(parse_spec(LONG))
        await worker()
    assert not workers()
    async with jobs(tmp_path) as later:
        found = later.get(record.id)
        assert found.state == "interrupted"
        assert found.reason is not None
        assert (await later.begin(parse_spec(LONG))).state == "queued"


async def test_a_server_that_died_leaves_interrupted_jobs(tmp_path: Path) -> None:
    left = BaselineRecord(
        id=parse_spec(QUICK).digest(), state="running", spec=parse_spec(QUICK), created=1.0
    )
    await BaselineFiles(tmp_path).save(left)
    (tmp_path / "broken.json").write_text("{", encoding="ascii")
    async with jobs(tmp_path) as baselines:
        assert [one.state for one in baselines.list()] == ["interrupted"]


async def test_another_task_is_refused(tmp_path: Path) -> None:
    async with jobs(tmp_path) as baselines:
        with pytest.raises(BaselineMisfit, match="ridge"):
            await baselines.begin(parse_spec({**QUICK, "dataset": {"type": "points_plane"}}))

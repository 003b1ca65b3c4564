"""Lag experiments as jobs: real workers and a real folder; results come one by one and stay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.engine.lag import parse_spec
from app.protocol.lag import LagRecord
from app.runs.lag import LagExperiments
from app.store.records import LagFiles
from tests.runs.helpers import Shared, warm_workers
from tests.waiting import eventually

SPEC = parse_spec({"lags": [3, 4, 200], "cells": ["gru"], "steps": 600, "units": 16})


@asynccontextmanager
async def jobs(
    folder: Path, runner: Shared, seconds: float = 60.0
) -> AsyncIterator[LagExperiments]:
    found = LagExperiments(LagFiles(folder), folder, runner.spawn, seconds=seconds)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


async def seen(lags: LagExperiments, name: str, enough: Callable[[LagRecord], bool]) -> LagRecord:
    async def look() -> LagRecord | None:
        record = lags.get(name)
        return record if enough(record) else None

    return await eventually(look, "what the experiment should become")


async def test_what_was_found_before_a_stop_stays_and_is_not_done_again(tmp_path: Path) -> None:
    async with warm_workers() as runner:
        async with jobs(tmp_path, runner) as lags:
            record = await lags.begin(SPEC)
            assert (record.state, record.total, record.results) == ("queued", 3, ())
            going = await seen(
                lags, record.id, lambda one: one.now is not None and one.now.lag == 200
            )
            assert [one.lag for one in going.results] == [3, 4]
            stopped = await lags.halt(record.id)
            assert (stopped.state, stopped.results) == ("stopped", going.results)
            assert await lags.halt(record.id) == stopped
        async with jobs(tmp_path, runner) as later:
            assert later.get(record.id).results == going.results
            again = await later.begin(SPEC)
            assert again.results == going.results
            resumed = await seen(later, record.id, lambda one: one.now is not None)
            assert resumed.now is not None
            assert resumed.now.lag == 200
        assert later.get(record.id).state == "interrupted"
        async with jobs(tmp_path, runner, seconds=0.05) as hurried:
            await hurried.begin(SPEC)
            slow = await seen(hurried, record.id, lambda one: one.state == "failed")
            assert slow.reason is not None
            assert "What has been found stays" in slow.reason.en
            assert slow.results == going.results


@pytest.mark.parametrize("state", ["queued", "running"])
async def test_what_a_server_left_is_interrupted(tmp_path: Path, state: str) -> None:
    left = {"id": SPEC.digest(), "state": state, "spec": SPEC, "created": 1.0, "total": 3}
    await LagFiles(tmp_path).save(LagRecord.model_validate(left))

    async def never() -> None:
        raise AssertionError("nothing is begun")

    lags = LagExperiments(LagFiles(tmp_path), tmp_path, never)  # type: ignore[arg-type]
    await lags.start()
    assert [one.state for one in lags.list()] == ["interrupted"]

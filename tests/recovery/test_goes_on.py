"""Runs whose workers are killed or stopped go on by themselves, to where they were going."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from app.protocol.commands import Play, SetSpeed, Step
from app.runs.service import Runs
from tests.runs.helpers import (
    Shared,
    Watcher,
    curve,
    digests,
    reach,
    service,
    spec,
    state_of,
    stored_events,
    watching,
    worker_pid,
)
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
STOPS = 20
NOTICED = 5.0
CROWD = 64


async def passed(watcher: Watcher, step: int) -> None:
    await watcher.socket.until(
        lambda: any(e.type == "metrics" and e.step >= step for e in watcher.events)
    )


async def hit(runs: Runs, run: str, watcher: Watcher, number: int) -> float:
    """Send a signal to the worker; seconds until the run says that it goes on by itself."""
    seen, began = len(watcher.events), time.monotonic()
    os.kill(worker_pid(runs, run), number)
    event = await watcher.state("starting", seen=seen)
    assert event.type == "state"
    assert "goes on by itself" in str(event.reason)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("number", "goal"),
    [
        (signal.SIGSTOP, Play(until=300)),
        (signal.SIGKILL, Step(unit="epoch", count=7)),
        *(
            pytest.param(*one, marks=pytest.mark.deep)
            for one in (
                (signal.SIGKILL, Play(until=300)),
                (signal.SIGSEGV, Play(until=300)),
                (signal.SIGKILL, Step(count=300)),
            )
        ),
    ],
)
async def test_nobody_need_press_play(runs: Runs, number: int, goal: Play | Step) -> None:
    whole, broken = [(await runs.create(spec(6))).id for _ in range(2)]
    ends = []
    for run in (whole, broken):
        await runs.command(run, SetSpeed(steps_per_second=300.0))
        async with watching(runs, run) as watcher:
            await runs.command(run, goal)
            if run == broken:
                await passed(watcher, 100)
                assert await hit(runs, run, watcher, number) < NOTICED
            await watcher.socket.until(lambda run=run: state_of(runs, run) == "paused")  # type: ignore[misc]
        events = await stored_events(runs, run)
        curve(events)
        step = (await runs.get(run)).step
        ends.append((step, digests([stored.event for stored in events])[0, step]))
    assert ends[0] == ends[1]


async def test_runs_that_trained_train_on_after_the_server(tmp_path: Path, zygote: Shared) -> None:
    """More of them than there are places; one that rested rests."""
    async with service(tmp_path, zygote, max_cpu_runs=2) as runs:
        rested = (await runs.create(spec(4))).id
        await reach(runs, rested, 5)
        going = [(await runs.create(spec(seed))).id for seed in range(3)]
        for run in going:
            await runs.command(run, Step(count=400))
    async with service(tmp_path, zygote, max_cpu_runs=2) as runs:
        assert (await runs.get(rested)).state == "parked"

        async def all_there() -> bool:
            return min([(await runs.get(run)).step for run in going]) >= 400

        await eventually(all_there, "step 400 of every run", 120)
        for run in going:
            curve(await stored_events(runs, run))
            assert (await runs.get(run)).step == 400
        assert (await runs.get(rested)).step == 5


@pytest.mark.deep
@pytest.mark.timeout(1200)
async def test_stopped_again_and_again(runs: Runs) -> None:
    """Every stop is noticed in time, and the run ends as if there had been none."""
    whole, broken = [(await runs.create(spec(8, epochs=500))).id for _ in range(2)]
    await reach(runs, whole, 2500)
    await runs.command(broken, SetSpeed(steps_per_second=300.0))
    async with watching(runs, broken) as watcher:
        await runs.command(broken, Play(until=2500))
        times = []
        for number in range(STOPS):
            await passed(watcher, 100 + 110 * number)
            times.append(await hit(runs, broken, watcher, signal.SIGSTOP))
        await watcher.socket.until(lambda: state_of(runs, broken) == "paused")
    assert max(times) < NOTICED, sorted(times)
    first, second = [
        digests([s.event for s in await stored_events(runs, run)])[0, 2500]
        for run in (whole, broken)
    ]
    assert first == second


@pytest.mark.deep
@pytest.mark.timeout(600)
async def test_a_full_machine_finds_nobody_hung(tmp_path: Path, zygote: Shared) -> None:
    """Many more runs than cores, at full speed and at low priority."""
    async with service(tmp_path, zygote, max_cpu_runs=CROWD) as runs:
        made = [(await runs.create(spec(seed, epochs=10_000))).id for seed in range(CROWD)]
        for run in made:
            await runs.command(run, Play())
        await asyncio.sleep(60)
        for run in made:
            assert (await runs.get(run)).state == "running"
            events = await runs.events(run, 0, 100_000)
            assert not any(one.event.type == "note" for one in events)

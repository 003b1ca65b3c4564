"""The microscope on runs that are parked, finished, training or killed: the same numbers each time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import pytest

from app.core.errors import GlassnetError
from app.features.derivative_health.schema import HEALTH
from app.features.explain.schema import EXPLAIN
from app.features.gradient_check.schema import GRADIENT_CHECK
from app.features.trace.schema import TRACE
from app.protocol.commands import Pause, Play, SetSpeed
from app.protocol.health import HealthWanted
from app.protocol.tracing import Cell, ExplainWanted, GradcheckWanted, TraceWanted
from app.runs.exits import WorkerLost
from app.runs.service import Runs
from tests.runs.helpers import (
    ask,
    reach,
    spec,
    watching,
    weights,
    worker_pid,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")
EARLIER = TraceWanted(step=7, precision="float32")
GRADIENT = ExplainWanted(
    cell=Cell(role="gradient", node="fc1", tensor="weight", index=(3, 20)), step=7
)


async def seen(runs: Runs, run: str) -> tuple[bytes, bytes]:
    """All tensors of an earlier step, and one number of it explained."""
    tensors = await ask(runs, run, TRACE, EARLIER, file=True)
    return tensors, await ask(runs, run, EXPLAIN, GRADIENT)


async def health(runs: Runs, run: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = json.loads(await ask(runs, run, HEALTH, HealthWanted(points=8)))
        if found["complete"]:
            return found


async def state(runs: Runs, run: str) -> str:
    return (await runs.get(run)).state


async def test_a_parked_run_is_looked_at_from_its_snapshot(runs: Runs) -> None:
    run = (await runs.create(spec(1))).id
    await reach(runs, run, 30)
    before, then = await seen(runs, run), await health(runs, run)
    await runs._runs[run].park(10.0)
    assert await state(runs, run) == "parked"
    assert await seen(runs, run) == before
    await runs._runs[run].park(10.0)
    again = await health(runs, run)
    assert again["steps"][-1] == then["steps"][-1] == 30
    assert again["layers"][-1]["gradient"][-1] == then["layers"][-1]["gradient"][-1]
    await reach(runs, run, 40)


async def test_a_finished_run_is_looked_at_and_stays_finished(runs: Runs) -> None:
    run = (await runs.create(spec(2, epochs=1))).id
    async with watching(runs, run) as watcher:
        await runs.command(run, Play())
        await watcher.state("finished")
    before = await seen(runs, run)
    ended = await weights(runs, run)
    await runs._runs[run].park(10.0)
    assert await seen(runs, run) == before
    assert await state(runs, run) == "finished"
    assert await weights(runs, run) == ended


async def test_a_run_that_trains_is_looked_at_between_two_steps(runs: Runs) -> None:
    looked, plain = [(await runs.create(spec(3))).id for _ in range(2)]
    await reach(runs, looked, 10)
    before = await seen(runs, looked)
    await runs.command(looked, SetSpeed(steps_per_second=50.0))
    async with watching(runs, looked) as watcher:
        await runs.command(looked, Play(until=60))
        for _ in range(3):
            assert await seen(runs, looked) == before
        await health(runs, looked)
        await watcher.socket.until(
            lambda: any(
                event.type == "state" and event.state == "paused" and event.step == 60
                for event in watcher.events
            )
        )
    await reach(runs, plain, 10)
    await reach(runs, plain, 60)
    assert await weights(runs, looked) == await weights(runs, plain)


async def test_a_worker_killed_during_a_look_is_said_and_the_look_can_be_made_again(
    runs: Runs,
) -> None:
    run = (await runs.create(spec(4))).id
    await reach(runs, run, 20)
    before, kept = await seen(runs, run), await weights(runs, run)
    long = asyncio.create_task(ask(runs, run, GRADIENT_CHECK, GradcheckWanted(entries=1000)))
    await asyncio.sleep(0)
    async with watching(runs, run) as watcher:
        await watcher.socket.until(lambda: bool(watcher.events))
        count = len(watcher.events)
        os.kill(worker_pid(runs, run), signal.SIGKILL)
        with pytest.raises((GlassnetError, WorkerLost)) as refused:
            await long
        assert str(refused.value)
        await watcher.state("parked", seen=count)
    assert await seen(runs, run) == before
    assert await weights(runs, run) == kept
    await runs.command(run, Play())
    await runs.command(run, Pause())

"""Places on devices: first come, first served; a turn that is given up goes to the next."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from app.runs.scheduler import GPU_CONTEXT, Scheduler


async def waiting(
    scheduler: Scheduler, run: str, device: str = "cpu", need: int = 0
) -> asyncio.Task[None]:
    task = asyncio.create_task(scheduler.wait(run, device, need))
    await asyncio.sleep(0)
    return task


async def test_first_come_first_served() -> None:
    pressed: list[str] = []
    scheduler = Scheduler(2, pressed.append)
    assert scheduler.take("a", "cpu", 0)
    assert scheduler.take("b", "cpu", 0)
    assert not scheduler.take("c", "cpu", 0)
    c, d, e = [await waiting(scheduler, run) for run in "cde"]
    assert pressed == ["cpu"] * 3
    assert [(one.run, one.position) for one in scheduler.places()] == [("c", 1), ("d", 2), ("e", 3)]
    d.cancel()
    with suppress(asyncio.CancelledError):
        await d
    assert [(one.run, one.position) for one in scheduler.places()][-1] == ("e", 2)
    scheduler.free("a")
    await c
    assert not e.done()
    assert not scheduler.take("f", "cpu", 0), "nobody passes those who wait"
    scheduler.free("b")
    await e
    assert scheduler.crowded() == []
    scheduler.free("nobody")


async def test_a_turn_that_came_too_late_goes_on() -> None:
    scheduler = Scheduler(1, lambda device: None)
    assert scheduler.take("a", "cpu", 0)
    b, c = [await waiting(scheduler, run) for run in "bc"]
    scheduler.free("a")
    b.cancel()
    with suppress(asyncio.CancelledError):
        await b
    await c


async def test_gpu_runs_share_its_memory() -> None:
    scheduler = Scheduler(1, lambda device: None)
    scheduler.add_gpu("cuda", 10 * GPU_CONTEXT)
    assert scheduler.take("a", "cuda", 4 * GPU_CONTEXT)
    assert not scheduler.take("b", "cuda", 4 * GPU_CONTEXT)
    assert scheduler.take("c", "cuda", 2 * GPU_CONTEXT)
    huge = await waiting(scheduler, "d", "cuda", 100 * GPU_CONTEXT)
    scheduler.free("a")
    await asyncio.sleep(0)
    assert not huge.done()
    scheduler.free("c")
    await huge

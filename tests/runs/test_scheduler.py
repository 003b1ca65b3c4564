"""Places on devices: first come, first served; a turn that is given up goes to the next."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from app.protocol.refusals import LargerThanMachine
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


GIB = 2**30


async def test_runs_on_the_cpu_share_its_memory() -> None:
    """Summed, not one by one: what does not fit beside the others waits, and says what for."""
    scheduler = Scheduler(64, lambda device: None, 6 * GIB)
    assert scheduler.take("a", "cpu", int(3.9 * GIB))
    assert not scheduler.take("b", "cpu", int(3.9 * GIB))
    b, c = [await waiting(scheduler, run, "cpu", int(3.9 * GIB)) for run in "bc"]
    first, second = scheduler.places()
    assert first.reason.en == (
        "The run waits for memory: it needs 3.9 GiB, 2.1 GiB of 6.0 GiB are free."
    )
    assert "3.9 GiB" in first.reason.zh
    assert "turn" in second.reason.en
    assert not scheduler.take("d", "cpu", 0), "a small run does not pass a large one"
    scheduler.grow("a", 2 * GIB)
    await b
    assert not c.done()
    scheduler.free("b")
    await c
    assert list(scheduler.places()) == []


async def test_a_lone_run_has_a_place_if_the_machine_could_hold_it() -> None:
    scheduler = Scheduler(2, lambda device: None, 4 * GIB)
    scheduler.require("cpu", 4 * GIB)
    assert scheduler.take("a", "cpu", 4 * GIB)
    with pytest.raises(LargerThanMachine) as refused:
        scheduler.require("cpu", 5 * GIB)
    assert "5.0 GiB" in refused.value.text.en
    assert "4.0 GiB" in refused.value.text.zh
    assert scheduler.take("a", "cpu", 3 * GIB), "a run keeps the place that it has"


@pytest.mark.parametrize("needs", [(1, 1, 1, 1), (3, 1, 2, 4), (4, 4, 4), (2, 3, 1, 1, 4, 2)])
async def test_needs_never_add_up_to_more_than_there_is(needs: tuple[int, ...]) -> None:
    scheduler = Scheduler(3, lambda device: None, 4 * GIB)
    going: dict[str, int] = {}
    waits: dict[str, asyncio.Task[None]] = {}
    for number, need in enumerate(needs):
        run = str(number)
        if scheduler.take(run, "cpu", need * GIB):
            going[run] = need
        else:
            waits[run] = await waiting(scheduler, run, "cpu", need * GIB)
    while going:
        assert len(going) <= 3
        assert sum(going.values()) <= 4
        scheduler.free(next(iter(going)))
        del going[next(iter(going))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for run in [run for run, task in waits.items() if task.done()]:
            going[run] = needs[int(run)]
            del waits[run]
    assert not waits, "everybody had a turn"

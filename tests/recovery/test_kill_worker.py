"""A worker killed with -9: its run goes on by itself and ends with the weights of an unbroken one."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from app.protocol.commands import (
    EditWeight,
    Freeze,
    Rewind,
    SetBatchSize,
    SetOptimizer,
    SetSpeed,
    Silence,
    Unfreeze,
)
from app.runs.exits import WorkerLost
from app.runs.service import Runs
from app.runs.zygote import CpuRunner
from tests.runs.helpers import (
    Shared,
    Watcher,
    curve,
    digests,
    reach,
    spec,
    stored_events,
    watching,
    weights,
    worker_pid,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")
SPEED = 400.0
KILLS = 15
EDIT = EditWeight(node="fc1", tensor="weight", index=(3, 7), value=0.5)


async def journey(runs: Runs, run: str, length: int) -> dict[tuple[int, int], str]:
    """Train with changes on the way and a step back; the digests of where it rested."""
    await runs.command(run, SetSpeed(steps_per_second=SPEED))
    await reach(runs, run, length)
    await runs.command(run, SetOptimizer(values={"learning_rate": 0.01}))
    await reach(runs, run, 2 * length)
    await runs.command(run, SetBatchSize(batch_size=48))
    await reach(runs, run, 3 * length)
    await runs.command(run, Rewind(step=2 * length - 20))
    await reach(runs, run, 3 * length + 50)
    events = await stored_events(runs, run)
    curve(events)
    seen = digests([stored.event for stored in events])
    wanted = ((0, length), (0, 2 * length), (0, 3 * length), (1, 3 * length + 50))
    return {place: seen[place] for place in wanted}


async def kill_at(runs: Runs, run: str, steps: list[int]) -> None:
    """Kill the worker each time the run has passed one of these steps."""
    async with watching(runs, run) as watcher:
        for step in steps:
            await watcher.socket.until(passed(watcher, step))
            seen = len(watcher.events)
            os.kill(worker_pid(runs, run), signal.SIGKILL)
            event = await watcher.state("starting", seen=seen)
            assert event.type == "state"
            assert event.reason is not None
            assert "goes on by itself" in event.reason.en
            assert "memory" in event.reason.en
            assert "内存" in event.reason.zh


def passed(watcher: Watcher, step: int) -> Callable[[], bool]:
    def reached() -> bool:
        return any(e.type == "metrics" and e.step >= step for e in watcher.events)

    return reached


async def by_hand(runs: Runs, run: str, *, killed: bool) -> dict[str, bytes]:
    """Steps and changes by hand, some at rest; the worker may be killed after each of them."""
    await reach(runs, run, 20)
    for command in (EDIT, Freeze(node="fc1", unit=3), Silence(node="fc1", unit=5)):
        await runs.command(run, command)
        if killed:
            await kill(runs, run)
    await reach(runs, run, 45)
    await runs.command(run, Unfreeze(node="fc1", unit=3))
    await runs.command(run, EDIT.model_copy(update={"value": -0.25}))
    await reach(runs, run, 60)
    if killed:
        await kill(runs, run)
    await runs.command(run, Rewind(step=45))
    await reach(runs, run, 70)
    return await weights(runs, run)


async def kill(runs: Runs, run: str) -> None:
    async with watching(runs, run) as watcher:
        await watcher.socket.until(lambda: bool(watcher.events))
        seen = len(watcher.events)
        os.kill(worker_pid(runs, run), signal.SIGKILL)
        await watcher.state("parked", seen=seen)


async def unbroken(runs: Runs, length: int, seed: int) -> dict[tuple[int, int], str]:
    return await journey(runs, (await runs.create(spec(seed))).id, length)


async def test_a_killed_worker_changes_nothing(runs: Runs) -> None:
    expected = await unbroken(runs, 200, seed=3)
    run = (await runs.create(spec(3))).id
    killing = asyncio.create_task(kill_at(runs, run, [60, 290, 450]))
    found = await journey(runs, run, 200)
    await killing
    assert found == expected


async def test_a_worker_killed_at_rest_can_be_resumed(runs: Runs) -> None:
    run = (await runs.create(spec())).id
    await reach(runs, run, 10)
    async with watching(runs, run) as watcher:
        os.kill(worker_pid(runs, run), signal.SIGKILL)
        event = await watcher.state("parked")
        assert event.type == "state"
        assert "rests at step 10" in str(event.reason)
    await reach(runs, run, 20)
    digests([stored.event for stored in await stored_events(runs, run)])


async def test_kills_between_changes_by_hand_change_nothing(runs: Runs) -> None:
    whole, broken = [(await runs.create(spec(5))).id for _ in range(2)]
    expected = await by_hand(runs, whole, killed=False)
    assert await by_hand(runs, broken, killed=True) == expected
    for run in (whole, broken):
        settings = (await runs.get(run)).settings
        assert settings.frozen == {}
        assert settings.silenced["fc1"].units == (5,)


async def test_a_lost_zygote_is_replaced(runs: Runs, zygote: Shared) -> None:
    runner = zygote.runner
    assert isinstance(runner, CpuRunner)
    first = (await runs.create(spec())).id
    await reach(runs, first, 5)
    lost = runner._zygote
    assert lost is not None
    assert lost._process is not None
    os.kill(lost._process.pid, signal.SIGKILL)
    await lost.ended.wait()
    second = (await runs.create(spec())).id
    await reach(runs, second, 5)
    await reach(runs, first, 10)


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(8))
async def test_kills_at_any_moment(runs: Runs, seed: int) -> None:
    """Kills by the clock, which hit starts, replays, snapshots and rewinds alike."""
    whole = (await runs.create(spec(seed))).id
    await journey(runs, whole, 300)
    run = (await runs.create(spec(seed))).id
    killing = asyncio.create_task(kill_by_the_clock(runs, run, random.Random(seed)))
    await stubborn_journey(runs, run, 300)
    killing.cancel()
    assert await final_weights(runs, run, 950) == await weights(runs, whole)
    events = await stored_events(runs, run)
    ours, theirs = curve(events), curve(await stored_events(runs, whole))
    both = ours.keys() & theirs.keys()
    assert len(both) > 100
    assert {step: ours[step] for step in both} == {step: theirs[step] for step in both}
    expected = digests([stored.event for stored in await stored_events(runs, whole)])
    for place, digest in digests([stored.event for stored in events]).items():
        assert expected.get(place, digest) == digest


async def final_weights(runs: Runs, run: str, step: int) -> dict[str, bytes]:
    """The weights at a step, though the last kill may only now be noticed."""
    while True:
        await reach(runs, run, step)
        with suppress(WorkerLost):
            return await weights(runs, run)


async def kill_by_the_clock(runs: Runs, run: str, chance: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.05, 1.5))
        link = runs._runs[run]._link
        if link is not None:
            link.process.kill()


async def stubborn_journey(runs: Runs, run: str, length: int) -> None:
    """The journey, each command repeated until it has been followed once."""

    async def insist(command: SetOptimizer | SetBatchSize | SetSpeed | Rewind) -> None:
        followed = False
        while not followed:
            before = (await runs.get(run)).last_seq
            try:
                await runs.command(run, command)
                followed = True
            except WorkerLost:
                events = await runs.events(run, before, 1000)
                followed = any(e.event.type in ("command", "rewound") for e in events)

    await insist(SetSpeed(steps_per_second=SPEED))
    await reach(runs, run, length)
    await insist(SetOptimizer(values={"learning_rate": 0.01}))
    await reach(runs, run, 2 * length)
    await insist(SetBatchSize(batch_size=48))
    await reach(runs, run, 3 * length)
    await insist(Rewind(step=2 * length - 20))
    await reach(runs, run, 3 * length + 50)

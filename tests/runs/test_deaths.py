"""Workers and servers that die: a run goes on by itself, rests, or is given up with the reason."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.errors import GlassnetError
from app.protocol.commands import AnyCommand, Pause, Play, SetSpeed, Step
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Metrics,
    Note,
    State,
    StateChanged,
    StoredEvent,
)
from app.protocol.runs import RunRecord
from app.runs import link
from app.runs.deaths import TRIES
from app.runs.exits import SERVER_LOST, SERVER_STOPPED, WorkerLost
from app.runs.progress import Progress
from app.runs.recovery import recover
from app.runs.resume import going_on, kept_commands
from app.runs.service import Runs
from app.spec.settings import Settings
from app.store.runs import Store
from tests.runs.helpers import becomes, fake, numbered, service, spec, watching, worker_pid
from tests.waiting import eventually

RUN = "06h0000000000000"


async def notes(runs: Runs, run: str) -> list[Note]:
    """What was said of its deaths, in order."""
    events = [stored.event for stored in await runs.events(run, 0, 10_000)]
    return [event for event in events if isinstance(event, Note) and event.code == "worker_lost"]


async def played(runs: Runs) -> str:
    """A new run that was told to play; its worker may die before it says that it will."""
    run = (await runs.create(spec())).id
    with suppress(WorkerLost):
        await runs.command(run, Play())
    return run


async def test_three_deaths_in_a_row_give_a_run_up(tmp_path: Path) -> None:
    async with service(tmp_path, fake("mortal")) as runs:
        run = await played(runs)
        await becomes(runs, run, "interrupted")
        found = await runs.get(run)
        assert found.reason is not None
        assert "The worker was killed" in found.reason.en
        assert "3 times in a row" in found.reason.en
        assert "beyond 0" in found.reason.en
        assert "3 次" in found.reason.zh
        told = await notes(runs, run)
        assert [note.params["count"] for note in told] == [1, 2, 3]
        assert "goes on by itself from step 0" in told[0].message.en
        assert numbered(list(await runs.events(run, 0, 10_000)))
        await asyncio.sleep(0.3)
        assert len(await notes(runs, run)) == TRIES, "nobody tries again unasked"
        with pytest.raises(WorkerLost):
            await runs.command(run, Play())
        await becomes(runs, run, "interrupted")
        assert len(await notes(runs, run)) == 2 * TRIES, "Play tries again from the start"


async def test_a_step_further_counts_from_the_start(tmp_path: Path) -> None:
    async with service(tmp_path, fake("unlucky")) as runs:
        run = await played(runs)

        async def enough() -> list[Note] | None:
            told = await notes(runs, run)
            return told if len(told) >= 2 * TRIES else None

        told = await eventually(enough, f"{2 * TRIES} notes")
        assert {note.params["count"] for note in told} == {1}
        await runs.delete(run)


@pytest.mark.parametrize("behaviour", ["crash", "garbage"])
async def test_what_a_run_does_to_itself_is_not_tried_again(tmp_path: Path, behaviour: str) -> None:
    async with service(tmp_path, fake(behaviour)) as runs:
        run = (await runs.create(spec())).id
        with pytest.raises(WorkerLost):
            await runs.command(run, Play())
        await becomes(runs, run, "interrupted")
        assert await notes(runs, run) == []
        assert runs.queue() == []


async def test_the_count_outlives_the_server(tmp_path: Path) -> None:
    """A server that its runs take along with them does not start them for ever."""
    said: list[tuple[State, int]] = []
    store = Store(tmp_path)
    await store.open()
    left = await put(store, record("running"), [StateChanged(state="running")])
    for _ in range(TRIES):
        found = await recover(store, left, resume=True)
        assert found is not None
        left = await store.get(RUN)
        events = await store.events(RUN, 0, 100)
        told = [stored.event for stored in events if stored.event.type == "note"]
        said.append((left.state, told[-1].params["count"]))
        assert left == found[0]
        assert bool(found[1]) is (left.state == "starting")
    assert said == [("starting", 1), ("starting", 2), ("interrupted", 3)]
    assert numbered(events)
    await store.close()


def record(state: State, step: int = 0, epoch: float = 0.0) -> RunRecord:
    made = spec()
    return RunRecord(
        id=RUN,
        name="",
        state=state,
        spec=made,
        device="cpu",
        step=step,
        epoch=epoch,
        created=1.0,
        updated=1.0,
        settings=Settings.of(made),
    )


async def put(store: Store, made: RunRecord, events: list[AnyEvent]) -> RunRecord:
    """A stored run with these events."""
    await store.create(made, [])
    progress, stored = Progress(made), []
    for seq, event in enumerate(events, 1):
        stored.append(StoredEvent(run=RUN, seq=seq, time=1.0, event=event))
        progress.apply(stored[-1])
    await store.append(progress.record, stored)
    return progress.record


def reached(step: int, epoch: float) -> Metrics:
    return Metrics(
        step=step, steps=[step], count=[1], loss=[1.0], epoch=epoch, samples_per_second=1.0
    )


def told(step: int, command: AnyCommand, until_epoch: int | None = None) -> CommandApplied:
    return CommandApplied(step=step, command=command, until_epoch=until_epoch)


@pytest.mark.parametrize(
    ("commands", "wanted"),
    [
        ([told(0, Play())], Play()),
        ([told(0, Play(until=90))], Play(until=90)),
        ([told(0, Play(until=40))], None),
        ([told(0, Play(until=30)), told(30, Play())], Play()),
        ([told(10, Step(count=50))], Step(count=20)),
        ([told(10, Step(count=30))], None),
        ([told(30, Step(unit="epoch", count=4), 5)], Step(unit="epoch", count=3)),
        ([told(30, Step(unit="epoch", count=1))], Step(unit="epoch", count=1)),
        ([told(0, Play(until=90)), told(20, SetSpeed(steps_per_second=3))], Play(until=90)),
    ],
)
async def test_a_run_goes_on_to_where_it_was_going(
    tmp_path: Path, commands: list[AnyEvent], wanted: AnyCommand | None
) -> None:
    store = Store(tmp_path)
    await store.open()
    running = StateChanged(state="running")
    left = await put(store, record("running"), [*commands, running, reached(40, 2.5)])
    assert await going_on(store, left) == wanted
    await store.close()


async def test_commands_that_wait_are_followed_by_the_next_server(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), max_cpu_runs=1) as runs:
        first = (await runs.create(spec())).id
        async with watching(runs, first) as watcher:
            await watcher.state("paused")
            second = (await runs.create(spec())).id
            async with watching(runs, second) as other:
                await other.state("queued")
                assert (await runs.command(second, Step(count=4))).waiting
                assert (await runs.command(second, Step(count=3))).waiting
            await runs.stop()
        await runs.start()

        async def there() -> bool:
            return (await runs.get(second)).step >= 7

        await eventually(there, "step 7")


async def test_a_followed_command_is_not_followed_again(tmp_path: Path) -> None:
    """The server died between the command's event and the state that follows it."""
    store = Store(tmp_path)
    await store.open()
    kept: tuple[AnyCommand, ...] = (Step(count=2), Step(count=5))
    state = StateChanged(state="starting", kept=kept)
    left = await put(store, record("starting"), [state, told(0, Step(count=2))])
    assert await kept_commands(store, left) == (Step(count=5),)
    await store.close()


@pytest.mark.parametrize("resume", [True, False])
async def test_a_setting_decides_whether_runs_go_on(tmp_path: Path, resume: bool) -> None:
    store = Store(tmp_path)
    await store.open()
    await put(store, record("running"), [told(0, Play()), StateChanged(state="running")])
    await store.close()
    async with service(tmp_path, fake("good"), resume=resume) as runs:
        found = await runs.get(RUN)
        if resume:
            assert found.state == "starting"
            async with watching(runs, RUN) as watcher:
                await watcher.socket.until(
                    lambda: sum(e.type == "command" for e in watcher.events) == 2
                )
        else:
            assert (found.state, found.reason) == ("interrupted", SERVER_LOST)


async def test_a_stopped_server_that_may_not_go_on_interrupts(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), max_cpu_runs=1, resume=False) as runs:
        first = (await runs.create(spec())).id
        async with watching(runs, first) as watcher:
            await watcher.state("paused")
            second = (await runs.create(spec())).id
            async with watching(runs, second) as other:
                await other.state("queued")
                assert (await runs.command(second, Play())).waiting
            await runs.stop()
        await runs.start()
        found = await runs.get(second)
        assert (found.state, found.reason) == ("interrupted", SERVER_STOPPED)


async def test_a_worker_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps and holds Python's lock: its thread of heartbeats cannot speak."""
    monkeypatch.setattr(link, "LOOK", 0.3)
    async with service(tmp_path, fake("held")) as runs:
        run = (await runs.create(spec())).id
        with pytest.raises(WorkerLost, match="no sign of life"):
            await runs.command(run, Pause())


async def test_a_long_operation_is_no_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds Python's lock just as long, and computes."""
    monkeypatch.setattr(link, "LOOK", 0.1)
    async with service(tmp_path, fake("busy")) as runs:
        run = (await runs.create(spec())).id
        assert (await runs.command(run, Pause())).step == 0


async def test_a_stopped_worker_is_noticed_in_time(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good")) as runs:
        run = (await runs.create(spec())).id
        async with watching(runs, run) as watcher:
            await watcher.state("paused")
            os.kill(worker_pid(runs, run), signal.SIGSTOP)
            async with asyncio.timeout(5):
                with pytest.raises(GlassnetError, match="SIGSTOP"):
                    await runs.command(run, Pause())
                await watcher.state("parked")

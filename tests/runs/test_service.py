"""The service with workers that misbehave as told: states, reasons, queue, parking, recovery."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.core.errors import Conflict, DeviceMissing, Invalid, NotFound, SpecError
from app.core.text import Text
from app.features.explain.schema import EXPLAIN
from app.protocol.commands import Play, SetSpeed, Step
from app.protocol.events import State, StoredEvent
from app.protocol.frames import Stamped
from app.protocol.refusals import DoesNotSum, LargerThanMachine
from app.protocol.runs import RunRecord
from app.protocol.stream import Watch
from app.protocol.taps import Tap
from app.protocol.tracing import Cell, ExplainWanted
from app.runs import devices
from app.runs import service as services
from app.runs.exits import WorkerLost
from app.runs.service import Runs
from app.spec.check import require
from app.spec.run import RunSpec
from app.spec.settings import Settings
from app.store.runs import Store
from tests.runs.helpers import Limits, ask, becomes, fake, numbered, service, spec, watching


async def rest(runs: Runs) -> str:
    """A new run that rests at step 0."""
    info = await runs.create(spec())
    async with watching(runs, info.id) as watcher:
        await watcher.state("paused")
    return info.id


async def test_a_run_from_birth_to_death(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good")) as runs:
        info = await runs.create(spec())
        assert (info.state, info.device, info.last_seq) == ("starting", "cpu", 1)
        applied = await runs.command(info.id, Step(count=3))
        assert (applied.step, applied.branch, applied.waiting) == (3, 0, False)
        events = await runs.events(info.id, 0, 100)
        assert numbered(list(events))
        assert applied.seq == len(events), "what the command did is stored when it is answered"
        found = await runs.get(info.id)
        assert (found.state, found.step, found.viewers) == ("paused", 3, 0)
        async with watching(runs, info.id) as watcher:
            await watcher.socket.until(lambda: len(watcher.events) == len(events))
            assert (await runs.get(info.id)).viewers == 1
            await runs.delete(info.id)
            await watcher.socket.until(lambda: bool(watcher.socket.others))
        for call in (runs.get(info.id), runs.delete(info.id), runs.command(info.id, Play())):
            with pytest.raises(NotFound):
                await call
        assert await runs.list(None, 10) == ([], None)


async def test_what_cannot_run_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    broken = spec().model_dump(mode="json")
    broken["model"]["nodes"].pop()
    async with service(tmp_path, fake("good")) as runs:
        with pytest.raises(SpecError):
            await runs.create(RunSpec.model_validate({**broken, "device": "cpu"}, strict=False))
        if {one.id for one in (await runs.devices()).devices} == {"cpu"}:
            with pytest.raises(DeviceMissing):
                await runs.create(spec().model_copy(update={"device": "cuda"}))
        assert await runs.list(None, 10) == ([], None)


async def test_a_command_to_a_run_that_is_deleted_while_it_starts_is_refused(
    tmp_path: Path,
) -> None:
    async with service(tmp_path, fake("good")) as runs:
        info = await runs.create(spec())
        asked = asyncio.create_task(runs.command(info.id, Play()))
        await asyncio.sleep(0)  # it waits for the worker now
        await runs.delete(info.id)
        with pytest.raises(Conflict):
            await asked


async def test_lists_have_pages(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good")) as runs:
        made = []
        for _ in range(5):
            made.append((await runs.create(spec())).id)
            await asyncio.sleep(0.002)  # identifiers are ordered by the millisecond
        seen: list[str] = []
        cursor = None
        for count in (2, 2, 1):
            page, cursor = await runs.list(cursor, 2)
            assert len(page) == count
            seen += [info.id for info in page]
        assert cursor is None
        assert seen == made[::-1]
        with pytest.raises(Invalid):
            await runs.list("ä", 2)


@pytest.mark.parametrize(
    ("behaviour", "said", "state"),
    [
        ("garbage", "understood", "interrupted"),
        ("crash", "It broke.", "interrupted"),
        ("exit", "code 3", "parked"),
    ],
)
async def test_a_lost_worker_is_told_with_its_reason(
    tmp_path: Path, behaviour: str, said: str, state: State
) -> None:
    """What the worker did itself interrupts; a run that rested when its worker was lost rests on."""
    async with service(tmp_path, fake(behaviour)) as runs:
        run = await rest(runs)
        with pytest.raises(WorkerLost) as lost:
            await runs.command(run, Play())
        assert said in lost.value.text.en
        async with watching(runs, run) as watcher:
            event = await watcher.state(state)
        assert event.type == "state"
        assert event.reason is not None
        assert said in event.reason.en
        assert event.reason.zh.partition(" ")[0] in lost.value.text.zh
        with pytest.raises(WorkerLost):
            await runs.command(run, Play())
        assert numbered(list(await runs.events(run, 0, 100)))


async def test_a_worker_without_a_heartbeat_is_ended(tmp_path: Path) -> None:
    async with service(tmp_path, fake("mute"), stall_after=0.6) as runs:
        info = await runs.create(spec())
        with pytest.raises(WorkerLost, match="no sign of life"):
            await runs.command(info.id, Play())
        async with watching(runs, info.id) as watcher:
            await watcher.state("parked")


@pytest.mark.parametrize("behaviour", ["broken", "missing"])
async def test_a_run_that_cannot_start_has_failed(tmp_path: Path, behaviour: str) -> None:
    async with service(tmp_path, fake(behaviour)) as runs:
        info = await runs.create(spec())
        async with watching(runs, info.id) as watcher:
            event = await watcher.state("failed")
        assert event.type == "state"
        assert event.reason is not None
        assert event.reason.zh == "坏了。"


async def test_no_worker_at_all(tmp_path: Path) -> None:
    runner = fake("good")
    runner._command = ("/nowhere/python",)
    async with service(tmp_path, runner) as runs:
        info = await runs.create(spec())
        async with watching(runs, info.id) as watcher:
            await watcher.state("interrupted")


async def test_a_refusal_is_the_error_it_was(tmp_path: Path) -> None:
    async with service(tmp_path, fake("refuse")) as runs:
        run = await rest(runs)
        with pytest.raises(Conflict) as refused:
            await runs.command(run, Play())
        assert refused.value.text.zh == "现在无法执行：否。"
        assert (await runs.get(run)).state == "paused"


async def test_a_fault_in_a_look_is_told_in_words_and_logged_whole(tmp_path: Path) -> None:
    async with service(tmp_path, fake("unsound")) as runs:
        run = await rest(runs)
        wanted = ExplainWanted(cell=Cell(role="loss"))
        with capture_logs() as logged, pytest.raises(DoesNotSum) as refused:
            await ask(runs, run, EXPLAIN, wanted)
        assert "sum to <total>" in refused.value.text.en
        assert "Traceback" not in refused.value.problem().model_dump_json()
        (entry,) = [one for one in logged if one["log_level"] == "error"]
        assert entry["code"] == "does_not_sum"
        assert entry["detail"] == "Traceback: where it was"
        assert (await runs.get(run)).state == "paused"


async def test_a_worker_that_ignores_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "STOP_PATIENCE", 0.3)
    async with service(tmp_path, fake("deaf")) as runs:
        run = await rest(runs)
        began = time.monotonic()
        await runs.stop()
        assert time.monotonic() - began < 3
        await runs.start()
        assert (await runs.get(run)).state == "parked"


async def test_runs_beyond_the_limit_wait_in_line(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), max_cpu_runs=1) as runs:
        first = await rest(runs)
        async with watching(runs, first):
            second = (await runs.create(spec())).id
            third = (await runs.create(spec())).id
            async with watching(runs, third) as watcher:
                await watcher.state("queued")
            assert [(place.run, place.position) for place in runs.queue()] == [
                (second, 1),
                (third, 2),
            ]
            assert (await runs.get(third)).queue_position == 2
            given = await runs.command(third, Step(count=4))
            assert given.waiting
            with pytest.raises(Conflict, match="number 2"):
                await runs.tensors(third)
            await runs.delete(second)
            assert (await runs.get(third)).queue_position == 1
        await runs.delete(first)
        async with watching(runs, third) as watcher:
            await watcher.socket.until(lambda: any(e.type == "command" for e in watcher.events))
        assert (await runs.get(third)).step == 4
        assert runs.queue() == []


async def test_a_run_nobody_watches_gives_its_place_to_one_that_waits(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), max_cpu_runs=1) as runs:
        first = await rest(runs)
        second = await runs.create(spec())
        async with watching(runs, second.id) as watcher:
            await watcher.state("paused")
            assert (await runs.get(first)).state == "parked"
            assert (await runs.command(second.id, Step())).step == 1


async def test_a_resting_run_is_parked_and_comes_back(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), park_after=0.2) as runs:
        run = await rest(runs)
        await runs.command(run, Step(count=2))
        await becomes(runs, run, "parked")
        assert not has_worker(runs, run)
        async with watching(runs, run) as watcher:
            await watcher.socket.until(lambda: len(watcher.events) > 3)
            seen = len(watcher.events)
            await watcher.viewer.receive(Watch(run=run, taps=(Tap(),)))
            await watcher.state("paused", seen=seen)
            await watcher.socket.until(lambda: len(watcher.socket.frames) == 1)
            assert has_worker(runs, run)
        await becomes(runs, run, "parked")
        await runs.command(run, SetSpeed(steps_per_second=5))
        assert (await runs.get(run)).settings.speed == 5


def has_worker(runs: Runs, run: str) -> bool:
    """Looks behind the service."""
    live = runs._runs.get(run)
    return live is not None and live._link is not None


async def test_what_a_lost_server_left_is_set_right(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    states: Sequence[State] = ("queued", "starting", "running", "paused", "finished", "parked")
    for number, state in enumerate(states):
        await store.create(_left(f"06h000000000000{number}", state), [])
    await store.close()
    async with service(tmp_path, fake("good")) as runs:
        found, _ = await runs.list(None, 10)
        became = {states[int(info.id[-1])]: (info.state, info.reason) for info in found}
        assert became == {
            "running": ("starting", became["running"][1]),
            **dict.fromkeys(("queued", "starting", "paused", "parked"), ("parked", None)),
            "finished": ("finished", None),
        }
        assert "by itself" in str(became["running"][1])
        running = next(info for info in found if info.id.endswith("2"))
        assert [one.seq for one in await runs.events(running.id, 0, 2)] == [1, 2]
        assert (await runs.command(running.id, Step())).step == 1


def _left(run: str, state: State) -> RunRecord:
    return RunRecord(
        id=run,
        name="",
        state=state,
        spec=spec(),
        device="cpu",
        created=1.0,
        updated=1.0,
        settings=Settings.of(spec()),
    )


class Full(Store):
    """A store whose disk fills up."""

    full = False

    async def append(self, record: RunRecord, events: Sequence[StoredEvent]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        await super().append(record, events)


async def test_a_full_disk_ends_the_worker_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.runs.journal._RETRIES", (0.01,))
    store = Full(tmp_path)
    await store.open()
    runs = Runs(store, Limits(tmp_path), runners={"cpu": fake("good")})
    await runs.start()
    run = await rest(runs)
    store.full = True
    with pytest.raises(WorkerLost):
        await runs.command(run, Step())
    await becomes(runs, run, "interrupted")
    store.full = False
    assert (await runs.command(run, Step())).step == 1
    assert numbered(list(await runs.events(run, 0, 100)))
    await runs.stop()
    await store.close()


async def test_stopping_the_service_says_what_became_of_every_run(tmp_path: Path) -> None:
    async with service(tmp_path, fake("good"), max_cpu_runs=1) as runs:
        first = await rest(runs)
        async with watching(runs, first):
            second = (await runs.create(spec())).id
            async with watching(runs, second) as watcher:
                await watcher.state("queued")
            await runs.stop()
        with pytest.raises(Conflict):
            await runs.create(spec())
        await runs.start()
        assert (await runs.get(first)).state == "parked"
        stopped = await runs.get(second)
        assert (stopped.state, stopped.reason) == ("parked", None), "it had nothing to do yet"


def wide() -> RunSpec:
    """A network whose training step takes some GiB."""
    body = spec().model_dump(mode="json")
    body["model"] = [
        {"type": "flatten"},
        {"type": "dense", "units": 4000},
        {"type": "relu"},
        {"type": "dense", "units": 4000},
        {"type": "relu"},
        {"type": "dense", "units": 10},
    ]
    body["training"]["phases"][0]["batch_size"] = 4096
    return RunSpec.model_validate_json(json.dumps(body))


async def test_memory_is_summed_and_what_waits_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = require(wide().model, wide().training).totals.memory_bytes
    monkeypatch.setattr(devices, "memory", lambda: int((1.5 * need + 2**30) / 0.9))
    async with service(tmp_path, fake("good"), memory_share=0.9) as runs:
        made = [(await runs.create(wide())).id for _ in range(4)]
        async with asyncio.timeout(30):
            while len(runs.queue()) < 3:
                await asyncio.sleep(0.01)
                for run in runs._runs.values():
                    run.room.join(Somebody(), visible=True)
        waits = await runs.get(runs.queue()[0].run)
        assert waits.state == "queued"
        assert waits.reason is not None
        assert "waits for memory" in waits.reason.en
        assert "内存" in waits.reason.zh
        assert runs.queue()[0].reason == waits.reason
        for name in made:
            await runs.delete(name)
        assert runs.queue() == []


async def test_what_can_never_fit_is_refused_with_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "memory", lambda: 2**28)
    async with service(tmp_path, fake("good")) as runs:
        with pytest.raises(LargerThanMachine, match=r"0\.\d+ GiB"):
            await runs.create(wide())
        assert (await runs.list(None, 10))[0] == []
        assert (await runs.create(spec())).state == "starting", "a small one has room"


class Somebody:
    """A viewer whose presence keeps a run from being parked."""

    def wake(self) -> None: ...

    def offer(self, run: str, key: str, frame: Stamped) -> None: ...

    def gone(self, run: str) -> None: ...

    def curtail(self, run: str, missing: int) -> None: ...

    def hold(self, run: str, reason: Text | None) -> None: ...

"""All runs of a server, as the API sees them. Each run's own life is in :mod:`app.runs.run`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from app.core.errors import Conflict, NotFound
from app.core.ids import new_id
from app.core.text import Language, text
from app.features._base import Question
from app.features.lr_range_test.schema import START
from app.features.parameters.schema import PARAMETERS
from app.protocol.attribution import AttributionWanted
from app.protocol.commands import AnyCommand
from app.protocol.events import StateChanged, StoredEvent
from app.protocol.exports import Made
from app.protocol.refusals import RunUnreadable
from app.protocol.runs import (
    Applied,
    MetricsSeries,
    QueuePlace,
    RunInfo,
    RunRecord,
    SnapshotInfo,
    WeightsInfo,
)
from app.runs import orders
from app.runs.cursors import cursor_after, read_cursor
from app.runs.curves import curves
from app.runs.devices import Devices, find, only_cpu
from app.runs.exits import SERVER_STOPPED, NotYet
from app.runs.given import require_fit
from app.runs.interfaces import Connection, Limits, Runner, RunStore, WorkerProcess
from app.runs.jobs import Jobs
from app.runs.launch import Surroundings
from app.runs.lineage import lineage
from app.runs.recovery import recover
from app.runs.room import Room
from app.runs.run import SOON, Run
from app.runs.runner import GpuRunner
from app.runs.scheduler import Scheduler
from app.runs.store_watch import StoreWatch
from app.runs.viewer import Viewer
from app.runs.zygote import CpuRunner
from app.spec.aside import required
from app.spec.report import Report
from app.spec.run import RunSpec
from app.spec.settings import Settings

STALL_AFTER = 120.0
"""Seconds without a word from a worker that works: an operation may hold Python's lock for long."""
STOP_PATIENCE = 2.0
"""Seconds in which a worker that is asked to end keeps what it has."""
AT_ONCE = max(2, os.cpu_count() or 1)
"""Runs that an earlier server left going are started so many at a time."""
FORGET_AFTER = 60.0
"""Seconds after which a run without worker and viewers leaves the memory."""
_RANGE_TEST = text("range test", "学习率范围测试")
_STOPPED = text("the server is stopping.", "服务器正在停止。")
_LOOKING = text(
    "the server still looks for its devices. Ask again in a few seconds.",
    "服务器仍在查找可用设备，请几秒后重试。",
)
_log = structlog.get_logger(__name__)


class Runs:
    """``start`` before anything else, ``stop`` at the end. ``runners`` replaces those of a device."""

    def __init__(
        self,
        store: RunStore,
        settings: Limits,
        *,
        runners: Mapping[str, Runner] | None = None,
        stall_after: float = STALL_AFTER,
    ) -> None:
        self._store = store
        self._settings = settings
        self._given = dict(runners or {})
        self._stall_after = stall_after
        self._runs: dict[str, Run] = {}
        self._loading = asyncio.Lock()
        self._viewers: set[Viewer] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._parking: set[asyncio.Task[None]] = set()
        self._open = False
        self.watch = StoreWatch(store, self._runs, settings.snapshots)

    # --- the server's start and end -------------------------------------------------------------

    async def start(self) -> None:
        """Set right what the last server left, and get ready to start workers."""
        self._runners: dict[str, Runner] = {"cpu": CpuRunner(), **self._given}
        memory = only_cpu(self._settings.memory_share).devices[0].limit
        self._scheduler = Scheduler(self._settings.max_cpu_runs, self._pressed, memory)
        self._around = Surroundings(
            store=self._store,
            scheduler=self._scheduler,
            runners=self._runners,
            devices=asyncio.get_running_loop().create_future(),
            data_root=self._settings.data / "datasets",
            stall_after=self._stall_after,
        )
        self._jobs = Jobs(lambda: self._runners["cpu"], self._stall_after)
        await self._runners["cpu"].start()
        going = await self._recover()
        self._open = True
        self._tasks = [
            asyncio.create_task(self._find_devices(), name="devices"),
            asyncio.create_task(self._go_on(going), name="go on"),
            asyncio.create_task(self._housekeeping(), name="housekeeping"),
            asyncio.create_task(self.watch.watch(), name="store watch"),
        ]

    def refuse(self) -> None:
        """The server is about to stop: take nothing more, and answer everybody who waits."""
        self._open = False
        for run in self._runs.values():
            run.refuse()
        self._jobs.refuse(Conflict(reason=_STOPPED))

    async def stop(self) -> None:
        """Ask every worker to keep what it has and end; after two seconds they are killed."""
        self.refuse()
        await _cancelled([*self._tasks, *self._parking])
        self._around.devices.cancel()
        for viewer in list(self._viewers):
            viewer.close()
        runs = list(self._runs.values())
        resume = self._settings.resume
        ends = (run.shut(STOP_PATIENCE, SERVER_STOPPED, resume=resume) for run in runs)
        await asyncio.gather(*ends)
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
        self._runs.clear()

    async def _recover(self) -> list[Run]:
        """Set right what an earlier server left. The runs that go on, in the order in which they get a
        place: who had one comes first, then who waited, each in the order of before."""
        left = await self._store.in_states(("running", "starting", "queued", "paused"))
        resume = self._settings.resume
        found = await asyncio.gather(*(recover(self._store, one, resume=resume) for one in left))
        going = [one for one in found if one is not None and one[1]]
        going.sort(key=lambda one: (one[0].state == "queued", one[0].updated))
        return [await self._known(*one) for one in going]

    async def _known(self, record: RunRecord, kept: tuple[AnyCommand, ...] = ()) -> Run:
        """The live side of a stored run, which is there from now on."""
        log = await self._store.settings_log(record.id, lineage(record.branches, record.branch))
        run = self._runs[record.id] = Run(record, tuple(log), self._around, kept)
        return run

    async def _go_on(self, runs: Sequence[Run]) -> None:
        """Start what an earlier server left going, a few at a time: a server that starts has much to
        do, and somebody may wait for a run of their own."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def start(run: Run) -> None:
            async with turns:
                await run.arrive()

        await asyncio.gather(*map(start, runs))

    async def _find_devices(self) -> None:
        try:
            found = await find(self._settings.memory_share)
        except Exception:
            _log.exception("devices not found")
            found = only_cpu(self._settings.memory_share)
        if any(device.id == "cuda" for device in found.devices):
            self._runners.setdefault("cuda", GpuRunner())
            memory = next(one.memory for one in found.devices if one.id == "cuda")
            self._scheduler.add_gpu("cuda", memory)
            await self._runners["cuda"].start()
        self._around.devices.set_result(found)

    async def worker(self) -> WorkerProcess:
        """A CPU worker for work beside the runs; raises NoWorker."""
        return await self._runners["cpu"].spawn()

    # --- runs -----------------------------------------------------------------------------------

    async def create(self, spec: RunSpec) -> RunInfo:
        """Store a run and get it a worker; it rests at step 0 then. Raises SpecError, DeviceMissing,
        LargerThanMachine; nothing is allocated before the spec is known to fit."""
        self._require_open()
        self.watch.require_room()
        report = await required(spec.model, spec.training)
        await self.require_weights(spec, report)
        device = "cpu" if spec.device == "cpu" else (await self.devices()).resolve(spec.device)
        self._scheduler.require(device, report.totals.memory_bytes)
        now = time.time()
        record = RunRecord(
            id=new_id(),
            name=spec.name,
            state="starting",
            spec=spec,
            device=device,
            created=now,
            updated=now,
            last_seq=1,
            settings=Settings.of(spec),
        )
        event = StateChanged(state="starting", device=device)
        first = StoredEvent(run=record.id, seq=1, time=now, event=event)
        await self._store.create(record, [first])
        self._require_open()
        run = self._runs[record.id] = Run(record, (), self._around)
        run.wake()
        return run.info()

    async def get(self, run: str) -> RunInfo:
        """Raises NotFound, as all that follow; those that need the run itself RunUnreadable."""
        try:
            return (await self._find(run)).info()
        except RunUnreadable as error:
            record = await self._store.get(run)
            return RunInfo(**{**dict(record), "unreadable": error.text, "reason": error.text})

    async def list(self, cursor: str | None, limit: int) -> tuple[Sequence[RunInfo], str | None]:
        """The newest first, and the cursor of the next page."""
        before = read_cursor(cursor) if cursor else None
        found = await self._store.page(before, limit + 1)
        infos = [self._info(record) for record in found[:limit]]
        return infos, cursor_after(infos[-1].id) if len(found) > limit else None

    async def mentioning(self, words: str) -> Sequence[str]:
        """The runs whose spec holds these words."""
        return await self._store.mentioning(words)

    async def delete(self, run: str) -> None:
        """End its worker, forget its events, remove its snapshots."""
        try:
            found = await self._find(run)
        except RunUnreadable:
            return await self._store.delete(run)
        await found.remove()
        try:
            await self._store.delete(run)
        finally:
            self._runs.pop(run, None)
        return found.room.close()

    async def command(self, run: str, command: AnyCommand) -> Applied:
        """Also brings an interrupted or parked run back."""
        self._require_open()
        return await (await self._find(run)).command(command)

    async def ask(
        self, run: str, question: Question[Any], body: bytes = b"", *, file: bool = False
    ) -> bytes:
        """The worker's answer: a safetensors ``file``, or JSON. ``body`` is what was validated."""
        self._require_open()
        return (await (await self._find(run)).ask(question, body, file=file))[1]

    async def range_test(self, run: str, question: Question[Any], body: bytes = b"") -> bytes:
        """Start a test, which gets the run a worker; look at it or cancel it. Raises NotFound where no
        worker can have one."""
        self._require_open()
        found = await self._find(run)
        if question is not START and not found.busy:
            raise NotFound(kind=_RANGE_TEST, name=run)
        return (await found.ask(question, body))[1]

    async def tensors(self, run: str) -> bytes:
        """The present parameters as a safetensors file."""
        return await self.ask(run, PARAMETERS, file=True)

    async def export(self, run: str, kind: Made, language: Language) -> bytes:
        """A file that a worker makes of the run; raises what it refused with."""
        self._require_open()
        found = await self._find(run)
        present = (await found.ask(PARAMETERS, b"", file=True))[1] if kind == "onnx" else b""
        given = found.record.spec.weights
        weights = None if given is None else str(self._store.weights.path(given))
        data_root = str(self._around.data_root)
        order = orders.export_order(found, kind, language, data_root, weights)
        return await self._jobs.do(order, present)

    async def attribution(self, run: str, wanted: AttributionWanted) -> bytes:
        """Why the present network answers a sample as it does; made by a worker of its own."""
        self._require_open()
        order, subject = await orders.attribution_order(await self._find(run), wanted)
        return await self._jobs.do(order, subject)

    async def add_weights(self, parts: AsyncIterator[bytes]) -> WeightsInfo:
        """Keep a file of weights for runs to start from."""
        self.watch.require_room()
        return await self._store.weights.add(parts)

    async def weights(self, sha256: str) -> WeightsInfo:
        """What a kept file of weights holds."""
        return await self._store.weights.get(sha256)

    async def require_weights(self, spec: RunSpec, report: Report) -> None:
        """The weights that a spec names are here and fit; raises NotFound, WeightsMisfit."""
        if spec.weights is not None:
            require_fit(spec.model, report, await self.weights(spec.weights))

    async def events(self, run: str, after: int, limit: int) -> Sequence[StoredEvent]:
        await self._stored(run)
        return await self._store.events(run, after, limit)

    async def metrics(self, run: str, branch: int | None = None) -> MetricsSeries:
        return await curves(self._store, await self._stored(run), branch)

    async def snapshots(self, run: str) -> Sequence[SnapshotInfo]:
        await self._stored(run)
        return await self._store.snapshots.listed(run)

    async def snapshot_file(self, run: str, branch: int, step: int) -> Path:
        """Where that snapshot is, if it exists."""
        await self._stored(run)
        return self._store.snapshots.path(run, branch, step)

    # --- viewers, devices, queue ------------------------------------------------------------------

    def attach(self, connection: Connection, client: str = "") -> Viewer:
        """A viewer on a connection; its owner calls ``serve``, ``receive`` and in the end ``close``.
        ``client`` is the same for all tabs that get one share together."""
        viewer = Viewer(connection, self._enter, self._viewers.discard, client=client)
        self._viewers.add(viewer)
        return viewer

    async def devices(self) -> Devices:
        """Raises NotYet while they are still looked for."""
        done, _ = await asyncio.wait((self._around.devices,), timeout=SOON)
        if not done or self._around.devices.cancelled():
            raise NotYet(reason=_LOOKING)
        return self._around.devices.result()

    def queue(self) -> Sequence[QueuePlace]:
        return list(self._scheduler.places())

    # --- inside -----------------------------------------------------------------------------------

    async def _enter(self, run: str) -> Room:
        return (await self._find(run)).room

    def _info(self, record: RunRecord) -> RunInfo:
        live = self._runs.get(record.id)
        return live.info() if live is not None else RunInfo(**dict(record))

    async def _stored(self, run: str) -> RunRecord:
        """The run as it is published, whether or not it can go on."""
        live = self._runs.get(run)
        return live.record if live is not None else await self._store.get(run)

    async def _find(self, run: str) -> Run:
        if run not in self._runs:
            async with self._loading:
                if run not in self._runs:
                    record = await self._store.get(run)
                    if record.unreadable is not None:
                        raise RunUnreadable.because(record.unreadable)
                    return await self._known(record)
        return self._runs[run]

    def _require_open(self) -> None:
        if not self._open:
            raise Conflict(reason=_STOPPED)

    async def _housekeeping(self) -> None:
        """Park what rests unwatched, forget what only takes memory."""
        pause = min(5.0, self._settings.park_after / 5)
        while True:
            await asyncio.sleep(pause)
            for device in self._scheduler.crowded():
                self._pressed(device)
            for name, run in list(self._runs.items()):
                if run.may_park and run.idle() >= self._settings.park_after:
                    self._park(run)
                elif not run.busy and not len(run.room) and run.idle() >= FORGET_AFTER:
                    del self._runs[name]

    def _pressed(self, device: str) -> None:
        """Somebody waits: the run that has rested unwatched for longest gives its place."""
        resting = [r for r in self._runs.values() if r.may_park and r.record.device == device]
        if resting:
            self._park(max(resting, key=Run.idle))

    def _park(self, run: Run) -> None:
        task = asyncio.create_task(run.park(STOP_PATIENCE), name="park")
        self._parking.add(task)
        task.add_done_callback(self._parked)

    def _parked(self, task: asyncio.Task[None]) -> None:
        self._parking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("run not parked", error=repr(task.exception()))


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""All runs of a server, as the API sees them. Each run's own life is in :mod:`app.runs.run`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.text import Language, text
from app.protocol.attribution import AttributionWanted
from app.protocol.commands import AnyCommand
from app.protocol.events import State, StateChanged, StoredEvent
from app.protocol.exports import Made
from app.protocol.health import HealthWanted
from app.protocol.range_test import RangeWanted
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
from app.protocol.taps import AnySample, FixedSample
from app.protocol.tracing import Traced
from app.protocol.warp import Sweep
from app.runs.cursors import cursor_of, read_cursor
from app.runs.curves import curves
from app.runs.devices import Devices, find, only_cpu
from app.runs.exits import SERVER_LOST, SERVER_STOPPED
from app.runs.interfaces import Connection, Limits, Runner, RunStore, WorkerProcess
from app.runs.jobs import Jobs
from app.runs.lineage import lineage
from app.runs.progress import first_settings
from app.runs.room import Room
from app.runs.run import Run, Surroundings
from app.runs.runner import GpuRunner
from app.runs.scheduler import Scheduler
from app.runs.store_watch import StoreWatch
from app.runs.viewer import Viewer
from app.runs.weights import require_fit
from app.runs.zygote import CpuRunner
from app.spec.base import Strict
from app.spec.check import require
from app.spec.report import Report
from app.spec.run import RunSpec

STALL_AFTER = 30.0
STOP_PATIENCE = 5.0
FORGET_AFTER = 60.0
"""Seconds after which a run without worker and viewers leaves the memory."""
_STOPPED = text("the server is stopping.", "服务器正在停止。")
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
        self._scheduler = Scheduler(self._settings.max_cpu_runs, self._pressed)
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
        await self._recover()
        self._open = True
        self._tasks = [
            asyncio.create_task(self._find_devices(), name="devices"),
            asyncio.create_task(self._housekeeping(), name="housekeeping"),
            asyncio.create_task(self.watch.watch(), name="store watch"),
        ]

    async def stop(self) -> None:
        """Ask every worker to keep what it has and end; after five seconds they are killed."""
        self._open = False
        await _cancelled([*self._tasks, *self._parking])
        self._around.devices.cancel()
        for viewer in list(self._viewers):
            viewer.close()
        runs = list(self._runs.values())
        await asyncio.gather(*(run.shut(STOP_PATIENCE, SERVER_STOPPED) for run in runs))
        await asyncio.gather(*(runner.stop() for runner in self._runners.values()))
        self._runs.clear()

    async def _recover(self) -> None:
        """Runs that a server left without stopping them: nobody else will say what became of them."""
        left = await self._store.in_states(("queued", "starting", "running", "paused"))
        for record in left:
            state: State = "parked" if record.state == "paused" else "interrupted"
            reason = None if state == "parked" else SERVER_LOST
            now = time.time()
            event = StateChanged(branch=record.branch, step=record.step, state=state, reason=reason)
            seq = record.last_seq + 1
            changes = {"state": state, "reason": reason, "last_seq": seq, "updated": now}
            stored = StoredEvent(run=record.id, seq=seq, time=now, event=event)
            await self._store.append(record.model_copy(update=changes), [stored])

    async def _find_devices(self) -> None:
        try:
            found = await find()
        except Exception:
            _log.exception("devices not found")
            found = only_cpu()
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
        """Store a run and get it a worker; it rests at step 0 then. Raises SpecError,
        DeviceMissing; nothing is allocated before the spec is known to fit."""
        self._require_open()
        self.watch.require_room()
        await self.require_weights(spec, require(spec.model, spec.training))
        device = (await self.devices()).resolve(spec.device)
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
            settings=first_settings(spec),
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
        return infos, cursor_of(infos[-1].id) if len(found) > limit else None

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

    async def predict(self, run: str, sample: AnySample) -> tuple[dict[str, Any], bytes]:
        self._require_open()
        return await (await self._find(run)).predict(sample)

    async def sweep(self, run: str, sample: FixedSample, wanted: Sweep) -> dict[str, Any]:
        self._require_open()
        return await (await self._find(run)).sweep(sample, wanted)

    async def range_test(
        self, run: str, kind: str, wanted: RangeWanted | None = None
    ) -> dict[str, Any]:
        """``kind`` is range_start, range_look or range_cancel."""
        self._require_open()
        return await (await self._find(run)).range_test(kind, wanted)

    async def trace(self, run: str, kind: str, wanted: Traced | HealthWanted) -> bytes:
        """``kind`` is trace, through_time, operations, explain, gradcheck or health; a file for the
        first two, else JSON."""
        self._require_open()
        found = await self._find(run)
        return (await found.look(kind, wanted=wanted.model_dump(mode="json")))[1]

    async def augmented(self, run: str, sample: AnySample, count: int) -> bytes:
        """A sample as training would see it in the next ``count`` steps."""
        self._require_open()
        return await (await self._find(run)).augmented(sample, count)

    async def tensors(self, run: str) -> bytes:
        self._require_open()
        return await (await self._find(run)).tensors()

    async def export(self, run: str, kind: Made, language: Language) -> bytes:
        """A file that a worker makes of the run; raises what it refused with."""
        self._require_open()
        found = await self._find(run)
        present = await found.tensors() if kind == "onnx" else b""
        given = found.record.spec.weights
        order = {
            "kind": kind,
            "spec": found.record.spec.model_dump(mode="json"),
            "log": [logged.model_dump(mode="json") for logged in found.log],
            "data_root": str(self._around.data_root),
            "weights": None if given is None else str(self._store.weights.path(given)),
            "language": language,
        }
        return await self._jobs.do({"type": "export", "order": order}, present)

    async def attribution(self, run: str, wanted: AttributionWanted) -> bytes:
        """Why the present network answers a sample as it does; made by a worker of its own."""
        self._require_open()
        found = await self._find(run)
        header, subject = await found.look("subject", sample=wanted.sample.model_dump(mode="json"))
        order = {
            "spec": found.record.spec.model_dump(mode="json"),
            "log": [logged.model_dump(mode="json") for logged in found.log],
            "step": header["step"],
            "branch": header["branch"],
            "method": wanted.method.model_dump(mode="json"),
            "target": wanted.target,
        }
        return await self._jobs.do({"type": "attribution", "order": order}, subject)

    async def answer(self, run: str, kind: str, wanted: Strict) -> bytes:
        """``kind`` is exciting, generate, neighbours or projection; JSON."""
        self._require_open()
        found = await self._find(run)
        return (await found.look(kind, wanted=wanted.model_dump(mode="json")))[1]

    async def add_weights(self, parts: AsyncIterator[bytes]) -> WeightsInfo:
        """Keep a file of weights for runs to start from."""
        self.watch.require_room()
        return await self._store.weights.add(parts)

    async def weights(self, sha256: str) -> WeightsInfo:
        """What a kept file of weights holds."""
        return await self._store.weights.get(sha256)

    async def require_weights(self, spec: RunSpec, report: Report) -> None:
        """The weights that a spec names are here and fit; raises NotFound, WeightsMisfit."""
        if spec.weights is None:
            return
        require_fit(spec, report, await self.weights(spec.weights))

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

    def attach(self, connection: Connection) -> Viewer:
        """A viewer on a connection; its owner calls ``serve``, ``receive`` and in the end ``close``."""
        viewer = Viewer(connection, self._enter, self._viewers.discard)
        self._viewers.add(viewer)
        return viewer

    async def devices(self) -> Devices:
        return await asyncio.shield(self._around.devices)

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
                        raise RunUnreadable(reason=record.unreadable)
                    way = lineage(record.branches, record.branch)
                    log = await self._store.settings_log(run, way)
                    self._runs[run] = Run(record, tuple(log), self._around)
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
        task.add_done_callback(self._parking.discard)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

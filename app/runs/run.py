"""One run: its state, its worker when it has one, its journal and its room. Knows no other run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from app.core.disk import CannotStore
from app.core.errors import Conflict, GlassnetError, NotFound
from app.core.text import Text, text
from app.protocol.commands import AnyCommand, LoggedCommand
from app.protocol.events import AnyEvent, Rewound, State, StateChanged, StoredEvent
from app.protocol.range_test import RangeWanted
from app.protocol.runs import Applied, RunInfo, RunRecord
from app.protocol.taps import AnySample, FixedSample
from app.protocol.warp import Sweep
from app.protocol.wire import Message
from app.runs.devices import Devices
from app.runs.exits import caused
from app.runs.interfaces import Runner, RunStore
from app.runs.journal import Journal, held, refused, told
from app.runs.link import Link
from app.runs.progress import Progress
from app.runs.resume import Plan, plan, set_aside
from app.runs.room import Room
from app.runs.scheduler import Scheduler
from app.runs.starts import FATAL, end_unwanted, is_fatal, log_failure, reason_of
from app.spec.check import check

ANSWER_TIMEOUT = 60.0
MAX_BACKLOG = 16
_STILL: frozenset[State] = frozenset({"paused", "finished"})
_WAKEABLE: frozenset[State] = frozenset({"paused", "finished", "parked"})
_WAITS = text(
    "the run waits for a free place (number {position} in the queue).",
    "该运行正在排队（第 {position} 位）。",
)
_ENDING = text(
    "the run is being deleted, or the server is stopping.", "该运行正在被删除，或服务器正在停止。"
)
_RANGE_TEST = text("range test", "学习率范围测试")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What a run needs of the server."""

    store: RunStore
    scheduler: Scheduler
    runners: Mapping[str, Runner]
    devices: asyncio.Future[Devices]
    data_root: Path
    stall_after: float


class Run:
    """The live side of a run. One exists per run at most; all calls are made on one event loop."""

    def __init__(
        self, record: RunRecord, log: tuple[LoggedCommand, ...], around: Surroundings
    ) -> None:
        self._around = around
        self._id = record.id
        self._trouble: CannotStore | None = None
        progress = Progress(record, log)
        self._journal = Journal(around.store, progress, self._publish, self._unstored, self.hold)
        self.room = Room(record.id, record.last_seq, self._read, self._taps_changed)
        self._link: Link | None = None
        self._starting: asyncio.Task[Link] | None = None
        self._ended: asyncio.Task[None] | None = None
        self._backlog: list[AnyCommand] = []
        self._gone = False
        self._used = asyncio.get_running_loop().time()

    # --- what others see ----------------------------------------------------------------------

    @property
    def record(self) -> RunRecord:
        return self._journal.record

    @property
    def log(self) -> tuple[LoggedCommand, ...]:
        return self._journal.log

    def info(self) -> RunInfo:
        shown = dict(self.record)
        if self._trouble is not None and self.busy:
            shown |= {"state": "paused", "reason": held(self._trouble)}
        return RunInfo(
            **shown,
            queue_position=self._around.scheduler.position(self._id),
            viewers=len(self.room),
        )

    @property
    def busy(self) -> bool:
        """Whether it has a worker or is getting one."""
        return self._link is not None or self._starting is not None or self._ended is not None

    def idle(self) -> float:
        """Seconds since somebody used it; 0 while it trains or is watched."""
        if len(self.room) or self.record.state not in _WAKEABLE | {"interrupted", "failed"}:
            self._used = asyncio.get_running_loop().time()
        return asyncio.get_running_loop().time() - self._used

    @property
    def may_park(self) -> bool:
        return self._link is not None and self.record.state in _STILL and not len(self.room)

    # --- what others ask ----------------------------------------------------------------------

    async def command(self, command: AnyCommand) -> Applied:
        """Follow a command between two steps; starts a worker if there is none."""
        self._touch()
        if self._trouble is not None:
            raise self._trouble
        if self._around.scheduler.position(self._id) is not None:
            return self._keep_for_later(command)
        message = {"type": "command", "command": command.model_dump(mode="json")}
        header, _ = await self._ask(message)
        self._touch()
        return Applied(step=header["step"], branch=header["branch"], seq=self.record.last_seq)

    async def predict(self, sample: AnySample) -> tuple[dict[str, Any], bytes]:
        """What the present weights say of a sample, and all activations as a float32 frame."""
        found = await self.look("predict", sample=sample.model_dump(mode="json"))
        return found[0]["prediction"], found[1]

    async def sweep(self, sample: FixedSample, wanted: Sweep) -> dict[str, Any]:
        """What the present weights say of a sample at every point of a movement."""
        asked = {"sample": sample.model_dump(mode="json"), "sweep": wanted.model_dump(mode="json")}
        return dict((await self.look("sweep", **asked))[0]["sweep"])

    async def range_test(self, kind: str, wanted: RangeWanted | None = None) -> dict[str, Any]:
        """Start a range test (which gets the run a worker), look at it or cancel it."""
        if wanted is None and self._link is None:
            raise NotFound(kind=_RANGE_TEST, name=self._id)
        body = wanted and wanted.model_dump(mode="json")
        return dict((await self.look(kind, wanted=body))[0]["test"])

    async def augmented(self, sample: AnySample, count: int) -> bytes:
        """A sample as training would see it in the next steps: a safetensors file."""
        return (await self.look("augmented", sample=sample.model_dump(mode="json"), count=count))[1]

    async def tensors(self) -> bytes:
        """The present parameters as a safetensors file."""
        return (await self.look("tensors", step=None))[1]

    async def look(self, kind: str, **question: Any) -> Message:
        """Ask the worker, which is started if there is none, something that changes nothing."""
        self._touch()
        self._refuse_if_queued()
        return await self._ask({"type": kind, **question})

    def wake(self) -> None:
        """Get a worker in the background."""
        if not self.busy and not self._gone and self._trouble is None:
            self._starting = asyncio.create_task(self._start(), name=f"start {self._id}")
            self._starting.add_done_callback(log_failure)

    def hold(self, trouble: CannotStore | None) -> None:
        """Nothing can be stored: the worker makes no step until something can be again."""
        before, self._trouble = self._trouble, trouble
        if (before is None) == (trouble is None) or self._link is None:
            return
        self._link.send({"type": "hold" if trouble is not None else "release"})
        self._journal.put(told(trouble))

    async def park(self, patience: float) -> None:
        """End the worker of a run that rests; a paused one becomes parked, a finished one stays so."""
        still = self.record.state
        await self._end(patience)
        if still == "paused" and self.record.state == "paused" and not self.busy:
            self._say("parked")
        await self._journal.settled()
        if self.room.taps:  # somebody came meanwhile
            self.wake()

    async def shut(self, patience: float, reason: Text) -> None:
        """The server ends: keep what there is. What went on is interrupted, what rested is parked."""
        before = self.record.state
        self._gone = True
        self._journal.hurry()
        await self._end(patience)
        if before in ("running", "starting", "queued"):
            self._say("interrupted", reason)
        elif before == "paused":
            self._say("parked")
        await self._journal.close()

    async def remove(self) -> None:
        """End everything at once; nothing more is stored."""
        self._gone = True
        self._journal.hurry()
        await self._end(0.0)
        await self._journal.close()

    # --- the worker ---------------------------------------------------------------------------

    async def _ask(self, message: Mapping[str, Any]) -> Message:
        if self._gone:
            raise Conflict(reason=_ENDING)
        if self._ended is not None and self._link is not None and self._link.ending:
            await asyncio.shield(self._ended)
        if self._trouble is not None and self._link is None:
            raise self._trouble
        self.wake()
        link = self._link if self._starting is None else await self._started(self._starting)
        if link is None:
            raise Conflict(reason=_ENDING)
        return await link.request(message, ANSWER_TIMEOUT)

    async def _started(self, starting: asyncio.Task[Link]) -> Link:
        """The link of a start that goes on; one that is called off is no reason to end the asker."""
        await asyncio.wait((starting,))
        if starting.cancelled():
            raise Conflict(reason=_ENDING)
        return starting.result()

    async def _start(self) -> Link:
        try:
            device = await self._place()
            self._say("starting", device=device)
            link = await self._launch(device)
        except BaseException as error:
            self._around.scheduler.free(self._id)
            self._starting = None
            if isinstance(error, Exception) and not self._gone:
                self._say("failed" if is_fatal(error) else "interrupted", reason_of(error))
                await self._journal.settled()
            raise
        self._link = link
        self._starting = None
        self._ended = asyncio.create_task(self._supervise(link), name=f"supervise {self._id}")
        if self._trouble is not None:
            link.send({"type": "hold"})
        self._send_taps()
        await self._catch_up(link)
        return link

    async def _place(self) -> str:
        """Wait for the device's turn; says so if that takes long."""
        around, record = self._around, self.record
        devices = await asyncio.shield(around.devices)
        known = {one.id for one in devices.devices}
        device = record.device if record.device in known else devices.resolve(record.spec.device)
        need = 0
        if device != "cpu":
            need = check(record.spec.model, record.spec.training).totals.memory_bytes
        if not around.scheduler.take(self._id, device, need):
            self._say("queued", device=device)
            await around.scheduler.wait(self._id, device, need)
        return device

    async def _launch(self, device: str) -> Link:
        around = self._around
        spawning = asyncio.create_task(around.runners[device].spawn())
        try:
            await self._journal.settled()
            going_on = await self._plan()
            self._journal.put(*(set_aside(name) for name in going_on.damaged))
            process = await asyncio.shield(spawning)
        except BaseException:
            spawning.add_done_callback(end_unwanted)
            raise
        link = Link(process, self, around.stall_after)
        await link.open({**self._first_message(device), **going_on.message()})
        return link

    def _first_message(self, device: str) -> dict[str, Any]:
        around, record = self._around, self.record
        given = record.spec.weights
        return {
            "type": "start",
            "run": self._id,
            "spec": record.spec.model_dump(mode="json"),
            "folder": str(around.store.snapshots.folder(self._id)),
            "data_root": str(around.data_root),
            "weights": None if given is None else str(around.store.weights.path(given)),
            "device": device,
            "log": [logged.model_dump(mode="json") for logged in self.log],
            "branch": record.branch,
            "speed": record.settings.speed,
        }

    async def _plan(self) -> Plan:
        record = self.record
        if record.step == 0 and record.branch == 0 and record.last_seq <= 2:
            return Plan(0, None, None)
        return await plan(self._around.store, record, self.log)

    async def _catch_up(self, link: Link) -> None:
        """Commands that were given while the run waited; one that cannot be followed is told."""
        while self._backlog:
            command = self._backlog.pop(0)
            message = {"type": "command", "command": command.model_dump(mode="json")}
            try:
                await link.request(message, ANSWER_TIMEOUT)
            except GlassnetError as error:
                self._journal.put(refused(error))

    async def _supervise(self, link: Link) -> None:
        """Until the worker's end, and what becomes of the run then."""
        await link.closed.wait()
        await self._journal.settled()
        self._around.scheduler.free(self._id)
        self._link = None
        self._ended = None
        if link.reason is not None:
            _log.warning("worker lost", run=self._id, reason=link.reason.en)
            if not self._gone:
                fatal = link.crash_code in FATAL or (link.crash_code and not link.ready.is_set())
                self._say("failed" if fatal else "interrupted", link.reason)
                await self._journal.settled()

    async def _end(self, patience: float) -> None:
        """Stop whatever is going on: a start, or a worker."""
        starting = self._starting
        if starting is not None:
            starting.cancel()
            await asyncio.wait((starting,))
        link, ended = self._link, self._ended
        if link is not None:
            await (link.stop(patience) if patience else link.kill())
        if ended is not None:
            await asyncio.shield(ended)

    # --- what the worker says (Listener) --------------------------------------------------------

    def on_event(self, event: AnyEvent) -> None:
        if isinstance(event, Rewound):
            self.room.forget_frames()
        self._journal.put(event)

    def on_frame(self, key: str, frame: bytes) -> None:
        self.room.frame(key, frame)

    async def before_answer(self) -> None:
        await self._journal.answerable()

    # --- small things -------------------------------------------------------------------------

    def _say(self, state: State, reason: Text | None = None, device: str | None = None) -> None:
        """A change of state that the web process decides, at the step where the run then is."""

        def event(record: RunRecord) -> AnyEvent:
            return StateChanged(
                branch=record.branch, step=record.step, state=state, reason=reason, device=device
            )

        self._journal.put(event)

    def _keep_for_later(self, command: AnyCommand) -> Applied:
        if len(self._backlog) >= MAX_BACKLOG:
            self._refuse_if_queued()
        self._backlog.append(command)
        record = self.record
        return Applied(step=record.step, branch=record.branch, seq=record.last_seq, waiting=True)

    def _refuse_if_queued(self) -> None:
        position = self._around.scheduler.position(self._id)
        if position is not None:
            raise Conflict(reason=_WAITS.format(position=position))

    def _touch(self) -> None:
        self._used = asyncio.get_running_loop().time()

    def _publish(self, events: list[StoredEvent]) -> None:
        self.room.publish(events)

    async def _read(self, after: int, limit: int) -> list[StoredEvent]:
        return await self._around.store.events(self._id, after, limit)

    def _taps_changed(self) -> None:
        if self._link is not None:
            self._send_taps()
        elif self.room.taps and self.record.state in _WAKEABLE:
            self.wake()

    def _send_taps(self) -> None:
        taps = [
            {"key": key, "tap": tap.model_dump(mode="json")} for key, tap in self.room.taps.items()
        ]
        if self._link is not None:
            self._link.send({"type": "taps", "taps": taps})

    def _unstored(self, error: Exception) -> None:
        """The store refuses events: without them the run must not go on."""
        reason = caused("unstored", detail=type(error).__name__)
        if self._link is not None:
            self._link.condemn(reason)
        else:
            changes = {"state": "interrupted", "reason": reason}
            self._journal.override(self.record.model_copy(update=changes))

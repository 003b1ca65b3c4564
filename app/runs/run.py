"""One run: its state, its worker when it has one, its journal and its room. Knows no other run.

Whoever asks something of a run is answered soon. What needs a worker waits :data:`SOON` seconds for
one at most, and not at all where the run waits for a place: a command is kept then, and followed when
the worker is there; a question is refused with the reason.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from app.core.disk import CannotStore
from app.core.errors import Conflict, GlassnetError
from app.core.text import Text, text
from app.features._base import Question
from app.protocol.commands import AnyCommand, LoggedCommand, SetBatchSize
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Rewound,
    State,
    StoredEvent,
)
from app.protocol.runs import Applied, RunInfo, RunRecord
from app.protocol.wire import Message
from app.runs.deaths import TRIES, fate
from app.runs.exits import Cause, NotYet, NoWorker, caused
from app.runs.journal import Journal, held, said, told
from app.runs.kept import Kept
from app.runs.launch import Surroundings, launch, step_bytes
from app.runs.link import Link
from app.runs.progress import Progress
from app.runs.resume import going_on
from app.runs.room import Room

SOON = 4.0
"""Seconds that anybody waits for a worker."""
ANSWER_TIMEOUT = 60.0
"""Seconds that a worker may take for an answer."""
_STILL: frozenset[State] = frozenset({"paused", "finished"})
_WAKEABLE: frozenset[State] = frozenset({"paused", "finished", "parked"})
_FATAL = frozenset(
    {"spec_broken", "data_missing", "device_missing", "too_large", "larger_than_machine"}
)
"""What a worker may report that makes the run impossible rather than interrupted."""
_OWN_DOING: frozenset[Cause | None] = frozenset({"garbled", "unstored"})
"""Ends that the next worker would meet again."""
_COMING = text(
    "the run's worker is not there yet. Ask again soon.", "该运行的工作进程尚未就绪，请稍后重试。"
)
_ENDING = text(
    "the run is being deleted, or the server is stopping.", "该运行正在被删除，或服务器正在停止。"
)
_GOES_ON_LATER = text(
    "The server was stopped. The run goes on by itself when it starts again.",
    "服务器已停止。服务器再次启动后，该运行将自动继续。",
)
_log = structlog.get_logger(__name__)


class Run:
    """The live side of a run. One exists per run at most; all calls are made on one event loop."""

    def __init__(
        self,
        record: RunRecord,
        log: tuple[LoggedCommand, ...],
        around: Surroundings,
        kept: tuple[AnyCommand, ...] = (),
    ) -> None:
        self._around = around
        self._id = record.id
        self._trouble: CannotStore | None = None
        progress = Progress(record, log)
        self._journal = Journal(around.store, progress, self._publish, self._unstored, self.hold)
        self.room = Room(record.id, record.last_seq, self._read, self._taps_changed)
        self._link: Link | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ended: asyncio.Task[None] | None = None
        self._kept = Kept(kept)
        self._again = False
        self._gone = False
        self._closing = False
        self._news = asyncio.Event()
        self._used = asyncio.get_running_loop().time()

    # --- what others see ----------------------------------------------------------------------

    @property
    def record(self) -> RunRecord:
        return self._journal.record

    @property
    def log(self) -> tuple[LoggedCommand, ...]:
        return self._journal.log

    @property
    def kept(self) -> tuple[AnyCommand, ...]:
        """Commands that wait for a worker."""
        return self._kept.commands

    def info(self) -> RunInfo:
        facts = dict(self.record)
        place = self._around.scheduler.place(self._id)
        if place is not None:
            facts["reason"] = place.reason
        if self._trouble is not None and self.busy:
            facts |= {"state": "paused", "reason": held(self._trouble)}
        position = None if place is None else place.position
        return RunInfo(**facts, queue_position=position, viewers=len(self.room))

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
        """Follow a command between two steps, or keep it until the run has a worker."""
        self._touch()
        if self._trouble is not None:
            raise self._trouble
        link = await self._worker()
        if link is None:
            return await self._keep(command)
        message = {"type": "command", "command": command.model_dump(mode="json")}
        header, _ = await link.request(message, ANSWER_TIMEOUT)
        self._touch()
        return Applied(step=header["step"], branch=header["branch"], seq=self.record.last_seq)

    async def ask(self, question: Question[Any], body: bytes, *, file: bool = False) -> Message:
        """Ask the worker, which is started if there is none, something that changes nothing. The answer
        is a ``file`` or JSON; its header tells the step."""
        self._touch()
        link = await self._worker()
        if link is None:
            place = self._around.scheduler.place(self._id)
            raise NotYet(reason=_COMING) if place is None else Conflict(reason=place.reason)
        message = {"type": "ask", "question": question.name, "file": file}
        return await link.request(message, ANSWER_TIMEOUT, body)

    def wake(self) -> None:
        """Get a worker in the background."""
        if not self.busy and not self._gone and self._trouble is None:
            self._starting = asyncio.create_task(self._start(), name=f"start {self._id}")
            self._starting.add_done_callback(self._start_over)

    async def arrive(self) -> None:
        """Get a worker; returns soon, or when it is there or the run waits for a place."""
        try:
            await self._worker()
        except GlassnetError as error:
            _log.warning("run does not go on", run=self._id, error=str(error))

    def hold(self, trouble: CannotStore | None) -> None:
        """Nothing can be stored: the worker makes no step until something can be again."""
        before, self._trouble = self._trouble, trouble
        if (before is None) == (trouble is None):
            return
        if self._link is not None:
            self._link.send({"type": "hold" if trouble is not None else "release"})
            self._journal.put(told(trouble))
        elif trouble is None and (self._kept or self.room.taps):
            self.wake()
        if trouble is None:
            self.room.hold(None)  # also where its worker has died meanwhile
        elif self._link is not None:
            self.room.hold(held(trouble))

    async def park(self, patience: float) -> None:
        """End the worker of a run that rests; a paused one becomes parked, a finished one stays so."""
        still = self.record.state
        await self._end(patience)
        if still == "paused" and self.record.state == "paused" and not self.busy:
            self._say("parked")
        await self._journal.settled()
        if self.room.taps:  # somebody came meanwhile
            self.wake()

    def refuse(self) -> None:
        """The server ends: whoever waits for this run is told so at once."""
        self._closing = True
        if self._link is not None:
            self._link.refuse(Conflict(reason=_ENDING))
        self._tell()

    async def shut(self, patience: float, reason: Text, *, resume: bool) -> None:
        """The server ends: keep what there is. What rested is parked. What had something to do is
        interrupted, or (``resume``) waits in line for the next server."""
        before = self.record.state
        self._gone = True
        self.refuse()
        self._journal.hurry()
        await self._end(patience)
        await self._journal.settled()
        if before == "running":
            self._kept.first(await going_on(self._around.store, self.record))
        if self._kept:
            self._say(*(("queued", _GOES_ON_LATER) if resume else ("interrupted", reason)))
        elif self.record.state in ("running", "starting", "queued", "paused"):
            self._say("parked")
        await self._journal.close()

    async def remove(self) -> None:
        """End everything at once; nothing more is stored."""
        self._gone = True
        self.refuse()
        self._journal.hurry()
        await self._end(0.0)
        await self._journal.close()

    # --- the worker ---------------------------------------------------------------------------

    async def _worker(self) -> Link | None:
        """The worker, which is started if there is none. None where none comes soon: the run waits for
        a place, or its start or the last worker's end takes long. Raises why there can be none."""
        try:
            async with asyncio.timeout(SOON):
                while True:
                    if self._gone or self._closing:
                        raise Conflict(reason=_ENDING)
                    if self._link is not None and not self._link.ending:
                        return self._link
                    if self._trouble is not None and self._link is None:
                        raise self._trouble
                    self.wake()
                    if self._around.scheduler.place(self._id) is not None:
                        return None
                    starting, news = self._starting, self._news
                    await news.wait()
                    if starting is not None and starting.done() and not starting.cancelled():
                        starting.result()
        except TimeoutError:
            return None

    def _tell(self) -> None:
        """Something has changed for those who wait for a worker."""
        self._news.set()
        self._news = asyncio.Event()

    async def _start(self) -> None:
        """Get a place and a worker. Why that failed is said here, and raised."""
        try:
            device = await self._place()
            self._say("starting", device=device)
            link = await launch(self, self._around, device)
        except Exception as error:
            if not self._gone:
                await self._not_started(error)
            raise
        self._link = link
        self._starting = None
        self._ended = asyncio.create_task(self._supervise(link), name=f"supervise {self._id}")
        if self._trouble is not None:
            link.send({"type": "hold"})
        self._send_taps()
        self._tell()

    async def _not_started(self, error: Exception) -> None:
        if isinstance(error, NoWorker) and self._kept:
            return await self._lost(error.text)
        fatal = isinstance(error, GlassnetError) and error.code in _FATAL
        self._kept = Kept()
        self._say("failed" if fatal else "interrupted", _reason(error))
        return await self._journal.settled()

    def _start_over(self, starting: asyncio.Task[None]) -> None:
        """A start has ended, well or not. Whoever waits for it gets its error; nobody need wait."""
        if not starting.cancelled() and starting.exception() is None:
            return
        if not starting.cancelled():
            _log.warning("run not started", run=self._id, error=str(starting.exception()))
        self._starting = None
        self._settle()

    async def _place(self) -> str:
        """Wait for the device's turn; says so if that takes long."""
        around, record = self._around, self.record
        devices = await asyncio.shield(around.devices)
        known = {one.id for one in devices.devices}
        device = record.device if record.device in known else devices.resolve(record.spec.device)
        need = step_bytes(record, record.settings.batch_size)
        around.scheduler.require(device, need)
        if not around.scheduler.take(self._id, device, need):
            turn = around.scheduler.wait(self._id, device, need)
            place = around.scheduler.place(self._id)
            self._say("queued", None if place is None else place.reason, device)
            self._tell()
            await turn
        return device

    async def _supervise(self, link: Link) -> None:
        """Until the worker's end, and what becomes of the run then."""
        await link.closed.wait()
        await self._journal.settled()
        self._link = None
        if link.reason is not None:
            _log.warning("worker lost", run=self._id, reason=link.reason.en)
            if not self._gone:
                await self._decide(link, link.reason)
        self._ended = None
        self._settle()

    async def _decide(self, link: Link, reason: Text) -> None:
        if link.crash_code is None and link.cause not in _OWN_DOING:
            return await self._lost(reason)
        fatal = link.crash_code in _FATAL or (link.crash_code and not link.ready.is_set())
        self._kept = Kept()
        self._say("failed" if fatal else "interrupted", reason)
        return await self._journal.settled()

    async def _lost(self, reason: Text) -> None:
        """A death that was no doing of the run's own: it goes on, as often as that has sense."""
        try:
            if self.record.state == "running":
                self._kept.first(await going_on(self._around.store, self.record))
            found = await fate(self._around.store, self.record, reason, self.kept)
        except Exception as error:  # the store is gone, too
            _log.error("run not followed", run=self._id, error=str(error))
            self._kept = Kept()
            return self._say("interrupted", reason)
        self._kept = Kept(found.kept)
        self._again = found.goes_on or (bool(self.room.taps) and found.count < TRIES)
        self._journal.put(*found.events(self.record))
        return await self._journal.settled()

    def _settle(self) -> None:
        """Nothing goes on for this run any more. It keeps its place where it goes on by itself, or is to
        follow what was kept while its worker ended."""
        again, self._again = self._again or bool(self._kept), False
        if again and not self._gone:
            self.wake()
        else:
            self._around.scheduler.free(self._id)
        self._tell()

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
        if isinstance(event, CommandApplied) and isinstance(event.command, SetBatchSize):
            need = step_bytes(self.record, event.command.batch_size)
            self._around.scheduler.grow(self._id, need)
        self._kept.heard(event)
        self._journal.put(event)

    def on_frame(self, key: str, frame: bytes) -> None:
        self.room.frame(key, frame)

    async def before_answer(self) -> None:
        await self._journal.answerable()

    # --- small things -------------------------------------------------------------------------

    def _say(
        self, state: State | None = None, reason: Text | None = None, device: str | None = None
    ) -> None:
        """A change of state that the web process decides; without a state, of what is kept."""
        self._journal.put(said(state, reason, device, lambda: self.kept))

    async def _keep(self, command: AnyCommand) -> Applied:
        """The command waits for the worker, and is not forgotten if the server ends before."""
        self._kept.add(command)
        self._say()
        await self._journal.settled()
        record = self.record
        return Applied(step=record.step, branch=record.branch, seq=record.last_seq, waiting=True)

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
        if self._link is not None:
            self._link.condemn("unstored", detail=type(error).__name__)
        else:
            changes = {
                "state": "interrupted",
                "reason": caused("unstored", detail=type(error).__name__),
            }
            self._journal.override(self.record.model_copy(update=changes))


def _reason(error: Exception) -> Text:
    return error.text if isinstance(error, GlassnetError) else Text(en=str(error), zh=str(error))

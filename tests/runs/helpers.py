"""What the tests of runs share: small specs, viewers in memory, runners that outlive one service."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from safetensors.numpy import load

from app.core.children import environment
from app.features._base import Question
from app.protocol.commands import Play, SetSpeed
from app.protocol.events import AnyEvent, State, StoredEvent
from app.protocol.frames import metadata
from app.protocol.refusals import NotLater
from app.protocol.stream import Subscribe
from app.runs.exits import WorkerLost
from app.runs.interfaces import Runner, WorkerProcess
from app.runs.runner import SpawnRunner
from app.runs.service import Runs
from app.runs.viewer import Viewer
from app.runs.zygote import CpuRunner
from app.spec.run import RunSpec
from app.store.runs import Store
from tests.waiting import eventually

PATIENCE = 60.0
GOING: frozenset[State] = frozenset({"starting", "running", "queued"})
SMALL = [{"type": "flatten"}, {"type": "dense", "units": 12}, {"type": "tanh"}]


def spec(seed: int = 0, *, epochs: int = 50, **phase: Any) -> RunSpec:
    """A small network on the 8×8 digits, with dropout and momentum so that much can differ."""
    model = [*SMALL, {"type": "dropout", "rate": 0.2}, {"type": "dense", "units": 10}]
    optimizer = {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9}
    training = {
        "dataset": {"type": "digits8"},
        "phases": [{"optimizer": optimizer, "batch_size": 32, "epochs": epochs, **phase}],
    }
    body = {"name": "small", "model": model, "training": training, "seed": seed, "device": "cpu"}
    return RunSpec.model_validate_json(json.dumps(body))


@dataclass(frozen=True)
class Limits:
    """Settings of a test's server."""

    data: Path
    max_cpu_runs: int = 8
    park_after: float = 300.0
    memory_share: float = 0.75
    resume: bool = True
    snapshots: int = 10 * 2**30


class Shared:
    """A runner that several services use after one another: their start and stop leave it alone."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    async def start(self) -> None:
        """It has been started."""

    async def spawn(self) -> WorkerProcess:
        return await self.runner.spawn()

    async def stop(self) -> None:
        """It is stopped by its owner."""


def fake(*behaviour: str) -> SpawnRunner:
    """Workers without torch that misbehave as told; see fake_worker.py."""
    script = Path(__file__).with_name("fake_worker.py")
    return SpawnRunner([sys.executable, str(script), *behaviour], environment(PYTHONPATH="."))


@asynccontextmanager
async def service(
    data: Path, runner: Runner, *, stall_after: float = 30.0, **limits: Any
) -> AsyncIterator[Runs]:
    """A store and its runs, stopped and closed at the end."""
    store = Store(data)
    await store.open()
    runs = Runs(store, Limits(data, **limits), runners={"cpu": runner}, stall_after=stall_after)
    try:
        await runs.start()
        try:
            yield runs
        finally:
            await runs.stop()
    finally:
        await store.close()


class Socket:
    """A viewer's socket in memory. ``stuck`` makes every send wait for ever."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.others: list[dict[str, Any]] = []
        self.frames: list[dict[str, str]] = []
        self.blobs: list[bytes] = []
        self.closed: int | None = None
        self.stuck = False
        self._news = asyncio.Event()

    async def send_text(self, text: str) -> None:
        await self._pass()
        message = json.loads(text)
        if message["type"] == "events":
            self.events += [
                StoredEvent.model_validate_json(json.dumps(e)) for e in message["events"]
            ]
        else:
            self.others.append(message)
        self._news.set()

    async def send_bytes(self, data: bytes) -> None:
        await self._pass()
        self.blobs.append(data)
        self.frames.append(metadata(data))
        self._news.set()

    async def close(self, code: int) -> None:
        self.closed = code
        await self._pass()

    async def until(self, fulfilled: Callable[[], bool]) -> None:
        """Wait for messages until the condition holds."""
        async with asyncio.timeout(PATIENCE):
            while not fulfilled():
                self._news.clear()
                await self._news.wait()

    async def _pass(self) -> None:
        while self.stuck:
            await asyncio.Event().wait()


class Watcher:
    """A viewer of one run, in memory, with its tasks."""

    def __init__(self, runs: Runs, run: str) -> None:
        self.socket = Socket()
        self.viewer: Viewer = runs.attach(self.socket)
        self._run = run
        self._serving = asyncio.create_task(self.viewer.serve())

    async def start(self, after: int = 0) -> Watcher:
        await self.viewer.receive(Subscribe(run=self._run, after=after))
        return self

    async def close(self) -> None:
        self.viewer.close()
        await self._serving

    @property
    def events(self) -> list[AnyEvent]:
        return [stored.event for stored in self.socket.events]

    async def state(self, wanted: State, step: int | None = None, seen: int = 0) -> AnyEvent:
        """The first change to that state (at that step) among the events after ``seen``."""

        def found() -> list[AnyEvent]:
            return [
                event
                for event in self.events[seen:]
                if event.type == "state"
                and event.state == wanted
                and (step is None or event.step == step)
            ]

        await self.socket.until(lambda: bool(found()))
        return found()[0]


@asynccontextmanager
async def watching(runs: Runs, run: str, after: int = 0) -> AsyncIterator[Watcher]:
    watcher = await Watcher(runs, run).start(after)
    try:
        yield watcher
    finally:
        await watcher.close()


def numbered(events: list[StoredEvent]) -> bool:
    """Whether they are numbered 1, 2, 3, … but for metrics that newer ones took the place of."""
    return whole([(stored.seq, stored.since) for stored in events])


def whole(numbers: list[tuple[int, int | None]]) -> bool:
    """As :func:`numbered`, of (``seq``, ``since``)."""
    told = [seq for seq, _ in numbers]
    replaced = {n for seq, since in numbers if since is not None for n in range(since, seq)}
    return told == sorted(set(told)) and {*told} | replaced == set(
        range(1, len({*told} | replaced) + 1)
    )


def digests(events: list[AnyEvent]) -> dict[tuple[int, int], str]:
    """SHA-256 of the weights by branch and step; the same place must never have two."""
    found: dict[tuple[int, int], str] = {}
    for event in events:
        if event.type == "snapshot":
            place = (event.branch, event.step)
            assert found.setdefault(place, event.sha256) == event.sha256
    return found


def frame(**strings: str) -> bytes:
    """A frame with one value."""
    header = {
        "__metadata__": strings,
        "input.activation": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\x07"


@asynccontextmanager
async def warm_workers() -> AsyncIterator[Shared]:
    """A real zygote for a module's tests."""
    runner = CpuRunner()
    await runner.start()
    try:
        await runner.ready()
        yield Shared(runner)
    finally:
        await runner.stop()


async def becomes(runs: Runs, run: str, state: State) -> None:
    """Wait for a state without being a viewer, whose presence would change it."""

    async def look() -> bool:
        return (await runs.get(run)).state == state

    await eventually(look, f"the state {state}", PATIENCE)


def worker_pid(runs: Runs, run: str) -> int:
    """The process of a run's worker."""
    link = runs._runs[run]._link
    assert link is not None
    return link.process.pid


async def reach(runs: Runs, run: str, step: int) -> None:
    """Train to a step, resuming as often as the run is interrupted on the way."""
    async with asyncio.timeout(PATIENCE * 5), watching(runs, run) as watcher:
        while (info := await runs.get(run)).step < step or info.state != "paused":
            with suppress(WorkerLost, NotLater):  # it may arrive between the look and the command
                if info.step >= step:  # lost when it had arrived, before it could say so
                    await runs.command(run, SetSpeed(steps_per_second=info.settings.speed))
                else:
                    await runs.command(run, Play(until=step))
                await watcher.socket.until(lambda: state_of(runs, run) not in GOING)


def state_of(runs: Runs, run: str) -> State:
    """The state as it is at this moment."""
    return runs._runs[run].record.state


async def weights(runs: Runs, run: str) -> dict[str, bytes]:
    """The present parameters, byte for byte."""
    return {name: one.tobytes() for name, one in load(await runs.tensors(run)).items()}


async def ask(
    runs: Runs, run: str, question: Question[Any], wanted: BaseModel, *, file: bool = False
) -> bytes:
    """The answer to a question, put as a request puts it."""
    return await runs.ask(run, question, wanted.model_dump_json().encode(), file=file)


async def stored_events(runs: Runs, run: str) -> list[StoredEvent]:
    """All of a run's events; none is missing but metrics that newer ones replaced."""
    events = list(await runs.events(run, 0, 1_000_000))
    assert numbered(events)
    return events


def curve(events: list[StoredEvent], branch: int = 0) -> dict[int, float]:
    """Training loss by step of one branch: no step twice, every step accounted for; a point that grows
    takes the place of what it was."""
    found: dict[int, float] = {}
    ends = [0]
    for stored in events:
        event = stored.event
        if event.type == "metrics" and event.branch == branch:
            for step, count, loss in zip(event.steps, event.count, event.loss, strict=True):
                assert step > ends[-1]
                while ends[-1] > step - count:
                    found.pop(ends.pop(), None)
                assert step - count == ends[-1]
                ends.append(step)
                if count == 1:
                    found[step] = loss
    return found

"""Gets one run's worker going: its process, its first message, where it goes on. Waits for no place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.protocol.commands import AnyCommand
from app.protocol.runs import RunRecord
from app.runs.devices import Devices
from app.runs.interfaces import Runner, RunStore, WorkerProcess
from app.runs.link import Link, Listener
from app.runs.progress import Log
from app.runs.resume import Plan, plan, set_aside
from app.runs.scheduler import Scheduler
from app.spec.check import check


@dataclass(frozen=True)
class Surroundings:
    """What a run needs of the server."""

    store: RunStore
    scheduler: Scheduler
    runners: Mapping[str, Runner]
    devices: asyncio.Future[Devices]
    data_root: Path
    stall_after: float


class Subject(Listener, Protocol):
    """A run that a worker is for."""

    @property
    def record(self) -> RunRecord: ...

    @property
    def log(self) -> Log: ...

    @property
    def kept(self) -> tuple[AnyCommand, ...]:
        """What it is to do at once."""


async def launch(run: Subject, around: Surroundings, device: str) -> Link:
    """A worker that has been told everything; raises NoWorker and what the store raises."""
    spawning = asyncio.create_task(around.runners[device].spawn())
    try:
        await run.before_answer()
        going_on = await _plan(run, around)
        for name in going_on.damaged:
            run.on_event(set_aside(name, run.record))
        process = await asyncio.shield(spawning)
    except BaseException:
        spawning.cancel()
        await _end_unwanted(spawning)
        raise
    link = Link(process, run, around.stall_after)
    await link.open()
    link.send({**_first_message(run, around, device), **going_on.message()})
    return link


def step_bytes(record: RunRecord, batch_size: int) -> int:
    """What a training step takes with batches of this size, by the closed forms of its layers."""
    training = record.spec.training
    phase = training.phase.model_copy(update={"batch_size": batch_size})
    now = training.model_copy(update={"phases": (phase, *training.phases[1:])})
    return check(record.spec.model, now).totals.memory_bytes


async def _plan(run: Subject, around: Surroundings) -> Plan:
    record = run.record
    if record.step == 0 and record.branch == 0 and record.last_seq <= 2:
        return Plan(0, None, None)
    return await plan(around.store, record, run.log)


def _first_message(run: Subject, around: Surroundings, device: str) -> dict[str, Any]:
    record = run.record
    given = record.spec.weights
    return {
        "type": "start",
        "run": record.id,
        "spec": record.spec.model_dump(mode="json"),
        "folder": str(around.store.snapshots.folder(record.id)),
        "data_root": str(around.data_root),
        "weights": None if given is None else str(around.store.weights.path(given)),
        "device": device,
        "log": [logged.model_dump(mode="json") for logged in run.log],
        "kept": [command.model_dump(mode="json") for command in run.kept],
        "branch": record.branch,
        "speed": record.settings.speed,
    }


async def _end_unwanted(spawning: asyncio.Task[WorkerProcess]) -> None:
    """A worker that came too late, or is on its way."""
    await asyncio.wait((spawning,))
    if not spawning.cancelled() and spawning.exception() is None:
        process = spawning.result()
        process.sock.close()
        process.kill()
        await process.wait()

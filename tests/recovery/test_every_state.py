"""Every request to a run in every state, with all places taken: an answer, a position or an error, soon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import GlassnetError
from app.features.augment.schema import AUGMENT, AugmentedWanted
from app.features.derivative_health.schema import HEALTH
from app.features.explain.schema import EXPLAIN
from app.features.gradient_check.schema import GRADIENT_CHECK
from app.features.lr_range_test.schema import LOOK, START
from app.features.operations.schema import OPERATIONS
from app.features.predict.schema import PREDICT, PredictionWanted
from app.features.top_activations.schema import EXCITING, ExcitingWanted
from app.features.trace.schema import TRACE
from app.features.transform_sweep.schema import SWEEP, SweepWanted
from app.protocol.attribution import AttributionWanted
from app.protocol.commands import Pause, Play, Rewind, SetOptimizer, SetSpeed, Step
from app.protocol.health import HealthWanted
from app.protocol.range_test import RangeWanted
from app.protocol.runs import Applied
from app.protocol.taps import StoredSample
from app.protocol.tracing import Cell, ExplainWanted, GradcheckWanted, Traced, TraceWanted
from app.protocol.warp import Sweep
from app.runs.service import Runs
from tests.runs.helpers import Shared, ask, becomes, reach, service, spec, watching, worker_pid

pytestmark = pytest.mark.asyncio(loop_scope="session")
SOON = 5.0
"""Seconds within which every request is answered."""
SAMPLE = StoredSample(index=1)
CELL = Cell(role="gradient", node="fc1", tensor="weight", index=(3, 20))
ATTRIBUTION = AttributionWanted.model_validate_json(
    '{"sample": {"kind": "stored", "index": 1}, "method": {"type": "saliency"}}'
)
SWEPT = SweepWanted(sample=SAMPLE, sweep=Sweep(axis="turn", low=-9, high=9, points=5))
AUGMENTED = AugmentedWanted(sample=SAMPLE, count=2)


async def read(answer: Awaitable[bytes]) -> Any:
    """What an answer in JSON says."""
    return json.loads(await answer)


Ask = Callable[[Runs, str], Awaitable[Any]]
REQUESTS: dict[str, Ask] = {
    "play": lambda runs, run: runs.command(run, Play()),
    "pause": lambda runs, run: runs.command(run, Pause()),
    "step": lambda runs, run: runs.command(run, Step(count=2)),
    "rewind": lambda runs, run: runs.command(run, Rewind(step=0)),
    "speed": lambda runs, run: runs.command(run, SetSpeed(steps_per_second=50.0)),
    "rate": lambda runs, run: runs.command(run, SetOptimizer(values={"learning_rate": 0.01})),
    "predict": lambda runs, run: read(ask(runs, run, PREDICT, PredictionWanted(sample=SAMPLE))),
    "sweep": lambda runs, run: read(ask(runs, run, SWEEP, SWEPT)),
    "tensors": lambda runs, run: runs.tensors(run),
    "augmented": lambda runs, run: ask(runs, run, AUGMENT, AUGMENTED, file=True),
    "trace": lambda runs, run: ask(runs, run, TRACE, TraceWanted(), file=True),
    "operations": lambda runs, run: ask(runs, run, OPERATIONS, Traced()),
    "explain": lambda runs, run: ask(runs, run, EXPLAIN, ExplainWanted(cell=CELL)),
    "gradcheck": lambda runs, run: ask(runs, run, GRADIENT_CHECK, GradcheckWanted(entries=4)),
    "health": lambda runs, run: ask(runs, run, HEALTH, HealthWanted(points=4)),
    "range test": lambda runs, run: read(
        runs.range_test(run, START, RangeWanted().model_dump_json().encode())
    ),
    "look at the range test": lambda runs, run: read(runs.range_test(run, LOOK)),
    "code": lambda runs, run: runs.export(run, "code", "en"),
    "onnx": lambda runs, run: runs.export(run, "onnx", "en"),
    "attribution": lambda runs, run: runs.attribution(run, ATTRIBUTION),
    "exciting": lambda runs, run: ask(runs, run, EXCITING, ExcitingWanted(node="fc1")),
    "show": lambda runs, run: runs.get(run),
    "events": lambda runs, run: runs.events(run, 0, 10),
    "curves": lambda runs, run: runs.metrics(run),
    "snapshots": lambda runs, run: runs.snapshots(run),
}


async def answered(name: str, asked: Awaitable[Any]) -> tuple[str, float, Any]:
    """What came of a request, and after how many seconds."""
    began = time.monotonic()
    async with asyncio.timeout(6 * SOON):
        found: Any = (await asyncio.gather(asked, return_exceptions=True))[0]
    if isinstance(found, BaseException) and not isinstance(found, GlassnetError):
        raise found
    return name, time.monotonic() - began, found


async def all_answered(runs: Runs, run: str) -> dict[str, Any]:
    """Every request at once, then two deletions: what each was answered with."""
    asked = [answered(name, put(runs, run)) for name, put in REQUESTS.items()]
    found = await asyncio.gather(*asked)
    waiting = asyncio.create_task(answered("last", runs.command(run, Play())))
    await asyncio.sleep(0)
    found += await asyncio.gather(*(answered(f"delete {i}", runs.delete(run)) for i in (1, 2)))
    found.append(await waiting)
    # A file that a worker makes takes what making it takes (imports of torch.onnx, of Captum); what
    # has to be waited for is answered soon, and nothing waits in silence.
    late = {name: took for name, took, answer in found if took > SOON and not file(answer)}
    assert late == {}
    return {name: answer for name, _, answer in found}


def file(answer: Any) -> bool:
    """Whether it is what was asked for, made by a worker."""
    return isinstance(answer, bytes)


@asynccontextmanager
async def taken(data: Path, zygote: Shared) -> AsyncIterator[tuple[Runs, Any]]:
    """A server with one place, and how to give it to a run that trains and does not end."""
    async with service(data, zygote, max_cpu_runs=1) as runs:

        async def take() -> str:
            run = (await runs.create(spec(1, epochs=10_000))).id
            await becomes(runs, run, "paused")
            await runs.command(run, Play())
            return run

        yield runs, take


async def parked(runs: Runs) -> str:
    run = (await runs.create(spec())).id
    await reach(runs, run, 3)
    await runs._runs[run].park(5.0)
    return run


async def test_a_parked_run_without_a_place(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        run = await parked(runs)
        await take()
        name, took, found = await answered("play", runs.command(run, Play()))
        assert isinstance(found, Applied)
        assert found.waiting
        assert took < SOON, name
        info = await runs.get(run)
        assert (info.state, info.queue_position) == ("queued", 1)
        assert info.reason is not None
        assert "free place" in info.reason.en
        found = await all_answered(runs, run)
        assert "number 1" in str(found["predict"])
        assert found["speed"].waiting


async def test_a_queued_run(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        await take()
        first, second = [(await runs.create(spec())).id for _ in range(2)]
        await becomes(runs, second, "queued")
        found = await all_answered(runs, second)
        assert "number 2" in str(found["tensors"])
        assert (await runs.get(first)).queue_position == 1


async def test_a_run_that_starts(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, _):
        run = (await runs.create(spec())).id
        found = await all_answered(runs, run)
        assert isinstance(found["play"], Applied)


async def test_a_run_whose_worker_does_not_come(tmp_path: Path) -> None:
    """The process that starts workers hangs: nothing hangs with it."""
    async with service(tmp_path, Never()) as runs:
        run = (await runs.create(spec())).id
        found = await all_answered(runs, run)
        assert found["play"].waiting
        assert "Ask again" in str(found["predict"])
        began = time.monotonic()
    assert time.monotonic() - began < 3


class Never:
    """A runner whose workers never come."""

    async def start(self) -> None:
        """At once."""

    async def spawn(self) -> Any:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Nothing was started."""


async def test_a_run_that_trains(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        found = await all_answered(runs, await take())
        assert found["predict"]["label"] in range(10)


@pytest.mark.parametrize("trains", [True, False])
async def test_a_run_whose_worker_hangs(tmp_path: Path, zygote: Shared, trains: bool) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        run = await take()
        if not trains:
            await runs.command(run, Pause())
        os.kill(worker_pid(runs, run), signal.SIGSTOP)
        found = await all_answered(runs, run)
        assert "SIGSTOP" in str(found["predict"])


async def test_a_run_that_is_being_parked(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, _):
        run = (await runs.create(spec())).id
        await reach(runs, run, 3)
        os.kill(worker_pid(runs, run), signal.SIGSTOP)  # so that it takes as long as it may
        parking = asyncio.create_task(runs._runs[run].park(5.0))
        await asyncio.sleep(0)
        await all_answered(runs, run)
        await parking


async def test_a_run_that_is_gone(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        run = await take()
        await runs.delete(run)
        found = await all_answered(runs, run)
        assert {type(answer).__name__ for answer in found.values()} == {"NotFound"}


async def test_what_is_kept_is_followed_in_order(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        run = await parked(runs)
        other = await take()
        for command in (Step(count=4), SetOptimizer(values={"learning_rate": 0.02}), Step(count=5)):
            assert (await runs.command(run, command)).waiting
        await runs.delete(other)
        async with watching(runs, run) as watcher:
            await watcher.state("paused", step=8)  # the second step counts from step 3, too
            kinds = [e.command.type for e in watcher.events if e.type == "command"]
        assert kinds[-3:] == ["step", "set_optimizer", "step"]


async def test_the_server_stops_while_all_wait(tmp_path: Path, zygote: Shared) -> None:
    async with taken(tmp_path, zygote) as (runs, take):
        run = await parked(runs)
        other = await take()
        os.kill(worker_pid(runs, other), signal.SIGSTOP)
        asked = [
            asyncio.create_task(answered(name, put(runs, one)))
            for name, put in REQUESTS.items()
            for one in (run, other)
        ]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await runs.stop()
        assert time.monotonic() - began < 3
        await asyncio.gather(*asked)
        assert time.monotonic() - began < 3
        with suppress(GlassnetError):
            await runs.start()

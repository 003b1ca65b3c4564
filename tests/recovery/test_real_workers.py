"""The service with real workers from a warm zygote: training, branches, curves, taps, parking."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from safetensors.numpy import load

from app.core.errors import GlassnetError, Invalid, NotFound
from app.features.predict.schema import PREDICT, PredictionWanted
from app.protocol.commands import Pause, Play, Rewind, SetOptimizer, SetSpeed, Step
from app.protocol.stream import Acknowledge, Watch
from app.protocol.taps import GivenSample, StoredSample, Tap
from app.runs.service import Runs
from tests.runs.helpers import (
    ask,
    curve,
    digests,
    reach,
    spec,
    stored_events,
    watching,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_run_trains_at_once(runs: Runs) -> None:
    began = time.monotonic()
    info = await runs.create(spec())
    assert time.monotonic() - began < 5
    applied = await runs.command(info.id, Step(count=5))
    async with watching(runs, info.id) as watcher:
        await watcher.state("paused", step=5)
    found = await runs.get(info.id)
    assert (found.step, found.branch, found.state, found.device) == (5, 0, "paused", "cpu")
    assert found.epoch > 0
    assert applied.seq <= found.last_seq
    curves = await runs.metrics(info.id)
    assert curves.steps[-1] == 5
    assert curves.validation.steps == [0]
    assert curves.accuracy is not None
    assert len(curves.accuracy) == len(curves.steps)
    assert {(one.branch, one.step) for one in await runs.snapshots(info.id)} >= {(0, 0), (0, 5)}


async def test_going_back_starts_a_branch_with_its_own_future(runs: Runs) -> None:
    run = (await runs.create(spec())).id
    await reach(runs, run, 20)
    await runs.command(run, SetOptimizer(values={"learning_rate": 0.2}))
    await reach(runs, run, 40)
    await runs.command(run, Rewind(step=30))
    info = await runs.get(run)
    assert [(b.branch, b.parent, b.step) for b in info.branches] == [(0, None, 0), (1, 0, 30)]
    assert info.settings.optimizer["learning_rate"] == 0.2
    await runs.command(run, Rewind(step=10))
    info = await runs.get(run)
    assert info.settings.optimizer["learning_rate"] == 0.05, "that change lies ahead of step 10"
    await reach(runs, run, 50)
    events = await stored_events(runs, run)
    digests([stored.event for stored in events])
    found = await runs.metrics(run)
    assert found.branch == 2
    assert found.steps == sorted(set(found.steps))
    assert found.steps[-1] == 50
    old = await runs.metrics(run, 0)
    assert old.steps[-1] == 40
    with pytest.raises(NotFound):
        await runs.metrics(run, 3)
    await runs.command(run, SetOptimizer(values={"learning_rate": 0.3}))
    await runs.command(run, Rewind(step=0))
    info = await runs.get(run)
    assert info.settings.optimizer["learning_rate"] == 0.3, "a reset keeps what was changed"
    assert (info.branch, info.step, info.epoch) == (3, 0, 0.0)


async def test_a_branch_goes_on_in_a_new_worker_as_in_the_old(runs: Runs) -> None:
    """Rewound, parked, resumed: the same weights as when nothing was parked."""
    found = []
    for parks in (False, True):
        run = (await runs.create(spec(seed=4))).id
        await reach(runs, run, 30)
        await runs.command(run, SetOptimizer(values={"learning_rate": 0.1}))
        await reach(runs, run, 60)
        await runs.command(run, Rewind(step=45))
        if parks:
            await runs._runs[run].park(10.0)
            assert (await runs.get(run)).state == "parked"
        await reach(runs, run, 80)
        await runs.command(run, Rewind(step=70))
        await reach(runs, run, 90)
        events = [stored.event for stored in await stored_events(runs, run)]
        seen = digests(events)
        found.append((seen[1, 80], seen[2, 90]))
    assert found[0] == found[1]


async def test_frames_of_watched_taps_arrive(runs: Runs) -> None:
    run = (await runs.create(spec())).id
    taps = (Tap(), Tap(roles=("kernel",), sample=StoredSample(index=1), rate=30))
    async with watching(runs, run) as watcher, watching(runs, run) as other:
        for viewer in (watcher.viewer, other.viewer):
            await viewer.receive(Watch(run=run, taps=taps))
        await watcher.socket.until(lambda: len(watcher.socket.frames) == 2)
        await other.socket.until(lambda: len(other.socket.frames) == 2)
        assert {frame["tap"] for frame in watcher.socket.frames} == {"0", "1"}
        assert all(frame["run"] == run for frame in watcher.socket.frames)
        await runs.command(run, Play())
        for number in range(3, 9):
            await watcher.viewer.receive(Acknowledge(frame=number - 1))
            await watcher.socket.until(lambda number=number: len(watcher.socket.frames) >= number)  # type: ignore[misc]
        await runs.command(run, Pause())
        assert len(other.socket.frames) == 2, "nothing was acknowledged there"
        steps = [int(frame["step"]) for frame in watcher.socket.frames if frame["tap"] == "0"]
        assert steps == sorted(steps)
        assert steps[-1] > 0
        values = load(watcher.socket.blobs[0])
        assert any(name.endswith((".activation", ".kernel")) for name in values)


async def test_predictions_and_tensors(runs: Runs) -> None:
    run = (await runs.create(spec())).id
    stored = PredictionWanted(sample=StoredSample(index=2))
    prediction = json.loads(await ask(runs, run, PREDICT, stored))
    frame = await ask(runs, run, PREDICT, stored, file=True)
    assert prediction["step"] == 0
    assert len(prediction["outputs"]) == 10
    assert "fc2.activation" in load(frame)
    given = PredictionWanted(sample=GivenSample(values=(0.5,) * 64))
    assert json.loads(await ask(runs, run, PREDICT, given))["label"] in range(10)
    with pytest.raises(GlassnetError):
        await ask(runs, run, PREDICT, PredictionWanted(sample=GivenSample(values=(0.5,) * 63)))
    tensors = load(await runs.tensors(run))
    assert tensors["fc2.weight"].shape == (10, 12)


async def test_refusals_change_nothing(runs: Runs) -> None:
    run = (await runs.create(spec())).id
    for command in (Rewind(step=5), SetOptimizer(values={"colour": 1.0})):
        with pytest.raises(Invalid):
            await runs.command(run, command)
    await runs.command(run, SetSpeed(steps_per_second=50))
    info = await runs.get(run)
    assert (info.state, info.step, info.branch, info.settings.speed) == ("paused", 0, 0, 50)


async def test_several_runs_train_side_by_side(runs: Runs) -> None:
    names = [(await runs.create(spec(seed=seed))).id for seed in (1, 2, 1)]
    await asyncio.gather(*(reach(runs, name, 40) for name in names))
    ends = []
    for name in names:
        events = await stored_events(runs, name)
        curve(events)
        ends.append(digests([stored.event for stored in events])[0, 40])
    assert ends[0] == ends[2] != ends[1]


async def test_the_end_is_reached_moved_and_survives_parking(runs: Runs) -> None:
    run = (await runs.create(spec(epochs=1, batch_size=256))).id
    async with watching(runs, run) as watcher:
        await runs.command(run, Play())
        await watcher.state("finished")
        await runs._runs[run].park(10.0)
        assert (await runs.get(run)).state == "finished"
        with pytest.raises(GlassnetError):
            await runs.command(run, Play())
        assert (await runs.get(run)).state == "finished"
    await stored_events(runs, run)

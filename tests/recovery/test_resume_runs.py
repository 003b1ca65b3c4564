"""A server stopped in good order: runs, curves and settings are there again and training goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.protocol.commands import Play, SetOptimizer, SetSpeed
from app.runs.exits import SERVER_STOPPED
from tests.runs.helpers import (
    Shared,
    curve,
    digests,
    reach,
    service,
    spec,
    stored_events,
    watching,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_stopped_while_training(tmp_path: Path, zygote: Shared) -> None:
    async with service(tmp_path, zygote) as runs:
        whole = (await runs.create(spec(8))).id
        await reach(runs, whole, 50)
        await runs.command(whole, SetOptimizer(values={"learning_rate": 0.02}))
        await reach(runs, whole, 400)
        expected = digests([s.event for s in await stored_events(runs, whole)])[0, 400]
        run = (await runs.create(spec(8))).id
        await reach(runs, run, 50)
        await runs.command(run, SetOptimizer(values={"learning_rate": 0.02}))
        await runs.command(run, SetSpeed(steps_per_second=200))
        async with watching(runs, run) as watcher:
            await runs.command(run, Play())
            await watcher.socket.until(
                lambda: any(e.type == "metrics" and e.step > 150 for e in watcher.events)
            )
    async with service(tmp_path, zygote, resume=False) as runs:
        infos, _ = await runs.list(None, 10)
        assert {info.id: info.state for info in infos} == {run: "interrupted", whole: "parked"}
        stopped = await runs.get(run)
        assert stopped.reason == SERVER_STOPPED
        assert stopped.settings.speed == 200
        assert stopped.settings.optimizer["learning_rate"] == 0.02
        last = [s.event for s in await stored_events(runs, run) if s.event.type == "snapshot"][-1]
        assert last.step == stopped.step, "stopping kept everything"
        await runs.command(run, SetSpeed(steps_per_second=None))
        await reach(runs, run, 400)
        events = await stored_events(runs, run)
        curve(events)
        assert digests([stored.event for stored in events])[0, 400] == expected


async def test_a_damaged_snapshot_is_not_trusted(tmp_path: Path, zygote: Shared) -> None:
    async with service(tmp_path, zygote) as runs:
        run = (await runs.create(spec(9))).id
        for step in (20, 40, 60):
            await reach(runs, run, step)
        folder = runs._store.snapshots.folder(run)
        path = runs._store.snapshots.path(run, 0, 60)
        await runs._runs[run].park(10.0)
        blob = bytearray(path.read_bytes())
        blob[-5] ^= 64
        path.write_bytes(bytes(blob))
        await reach(runs, run, 80)
        told = [s.event for s in await stored_events(runs, run)]
        before = digests(told)
        (note,) = [event for event in told if event.type == "note"]
        assert note.code == "snapshot_damaged"
        assert path.name in note.message.en
        assert path.with_name(f"{path.name}.damaged").read_bytes() == bytes(blob)
        for one in folder.glob("*"):
            one.unlink()
        await runs._runs[run].park(10.0)
        for one in folder.glob("*"):
            one.unlink()
        await reach(runs, run, 100)
        after = digests([s.event for s in await stored_events(runs, run)])
        whole = (await runs.create(spec(9))).id
        await reach(runs, whole, 80)
        await reach(runs, whole, 100)
        expected = digests([s.event for s in await stored_events(runs, whole)])
    assert before[0, 80] == expected[0, 80]
    assert after[0, 100] == expected[0, 100]

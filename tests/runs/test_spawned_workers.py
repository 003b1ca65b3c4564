"""Workers spawned with a warm spare, as GPUs need them; here they are asked to train on the CPU."""

from __future__ import annotations

from pathlib import Path

import psutil

from app.runs.runner import GpuRunner
from tests.runs.helpers import digests, reach, service, spec, stored_events, worker_pid


async def test_a_spare_is_ready_and_replaced_and_a_dead_one_is_not_used(tmp_path: Path) -> None:
    runner = GpuRunner()
    before = set(psutil.Process().children())
    async with service(tmp_path, runner) as runs:
        assert runner._refill is not None
        await runner._refill
        spare = runner._spare
        assert spare is not None
        first = (await runs.create(spec())).id
        await reach(runs, first, 10)
        assert worker_pid(runs, first) == spare.pid
        assert runner._refill is not None
        await runner._refill
        assert runner._spare is not None
        assert runner._spare.pid != spare.pid
        runner._spare.kill()
        await runner._spare.wait()
        second = (await runs.create(spec())).id
        await reach(runs, second, 10)
        ends = [
            digests([stored.event for stored in await stored_events(runs, run)])[0, 10]
            for run in (first, second)
        ]
        assert ends[0] == ends[1]
        mine = set(psutil.Process().children()) - before
        assert len(mine) == 3, "two workers and a spare"
    assert not any(child.is_running() for child in mine)

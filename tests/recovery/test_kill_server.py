"""A server killed with -9: no worker outlives it, nothing published is lost, training goes on exactly."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.protocol.commands import SetSpeed
from app.runs.exits import SERVER_LOST
from tests.runs.helpers import (
    Shared,
    curve,
    digests,
    reach,
    service,
    spec,
    stored_events,
)
from tests.support import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = Path(__file__).with_name("runs_server.py")


class Victim:
    """A server in a process of its own, and what it has published."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.published: list[dict[str, Any]] = []

    def read_until(self, step: int) -> str:
        """Read what it publishes until training has passed a step; the run's name."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            events = json.loads(line)["events"]
            self.published += events
            if any(e["event"]["type"] == "metrics" and e["event"]["step"] >= step for e in events):
                break
        return str(self.published[-1]["run"])

    def kill(self) -> None:
        """-9, at once; no worker may be there a second later, and soon no zygote either."""
        (zygote,) = psutil.Process(self.process.pid).children()
        workers = zygote.children()
        assert workers
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert gone_after(workers) <= 1.0 * crowd()
        gone_after([zygote])


def gone_after(processes: list[psutil.Process]) -> float:
    """Seconds until they have all ended."""
    began = time.monotonic()
    while any(runs_on(process) for process in processes):
        assert time.monotonic() < began + 20
        time.sleep(0.01)
    return time.monotonic() - began


def crowd() -> float:
    """Processes that want each core. A worker is nice: it ends only when it gets a turn."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def runs_on(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie waits only for somebody to read its status."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def victim(data: Path, run: str, seed: int, until: int, speed: float = 300.0) -> Iterator[Victim]:
    command = [sys.executable, str(SCRIPT), str(data), run, str(seed), str(speed), str(until)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GLASSNET_TOKEN": "not for children"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True, cwd=data)
    with process:
        try:
            yield Victim(process)
        finally:
            process.kill()


async def unbroken(folder: Path, zygote: Shared, step: int, seed: int) -> str:
    async with service(folder, zygote) as runs:
        run = (await runs.create(spec(seed))).id
        await reach(runs, run, step)
        return digests([s.event for s in await stored_events(runs, run)])[0, step]


async def resumed(
    folder: Path, zygote: Shared, run: str, step: int, published: list[dict[str, Any]]
) -> str:
    """Open the folder again, compare with what was published, and train on to a step."""
    async with service(folder, zygote) as runs:
        await runs.get(run)  # it goes on by itself, as far as it was to go
        kept = {s.seq: json.loads(s.model_dump_json()) for s in await stored_events(runs, run)}
        assert all(kept[one["seq"]] == one for one in published)
        await runs.command(run, SetSpeed(steps_per_second=None))
        await reach(runs, run, step)
        events = await stored_events(runs, run)
        curve(events)
        assert SERVER_LOST.en in str([one.event for one in events if one.event.type == "note"])
        return digests([stored.event for stored in events])[0, step]


async def test_a_killed_server_loses_nothing(tmp_path: Path, zygote: Shared) -> None:
    expected = await unbroken(tmp_path / "a", zygote, 900, seed=5)
    broken = tmp_path / "b"
    broken.mkdir()
    with victim(broken, "new", 5, 900) as server:
        run = server.read_until(650)
        secrets = [
            child.environ().get("GLASSNET_TOKEN")
            for child in psutil.Process(server.process.pid).children(recursive=True)
        ]
        assert set(secrets) == {None}
        server.kill()
    assert await resumed(broken, zygote, run, 900, server.published) == expected


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
async def test_a_server_killed_again_and_again(tmp_path: Path, zygote: Shared, seed: int) -> None:
    chance = random.Random(seed)
    expected = await unbroken(tmp_path / "a", zygote, 1500, seed)
    broken = tmp_path / "b"
    broken.mkdir()
    run, step, published = "new", 0, []
    for _ in range(5):
        step += chance.randrange(20, 280)
        with victim(broken, run, seed, 1500) as server:
            run = server.read_until(step)
            server.kill()
            published += server.published
    assert await resumed(broken, zygote, run, 1500, published) == expected

"""A worker that is killed again and again at any moment: its run ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from app.engine.snapshots import Store
from tests.worker.workers import Server, spec

KILLS = 30
END = 1500


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_killed_again_and_again(zygote: Server, tmp_path: Path, rule: str) -> None:
    run = spec(optimizer={"type": rule, "learning_rate": 0.01}, epochs=1000)
    want = zygote.fork().start(tmp_path / "straight", spec=run).to(END)
    chance = random.Random(7)
    folder, emitted = tmp_path / "killed", 0
    for _ in range(KILLS):
        worker = zygote.fork().start(folder, spec=run, **_going_on(folder, emitted))
        worker.command("play", until=END - 1)
        time.sleep(chance.uniform(0.0, 0.4))  # the moment of the blow is what is tried out
        os.kill(worker.pid, signal.SIGKILL)
        worker.to_the_end()
        assert zygote.exited(worker) == -signal.SIGKILL
        steps = [s for e in worker.events if e["type"] == "metrics" for s in e["steps"]]
        assert all(step > emitted for step in steps)
        emitted = max([emitted, *steps])
        if emitted >= END - 1:
            break
    last = zygote.fork().start(folder, spec=run, **_going_on(folder, emitted))
    assert last.to(END) == want
    assert not list(folder.glob("*.damaged"))


def _going_on(folder: Path, step: int) -> dict[str, object]:
    """What the server says to a worker that goes on: the newest snapshot that is not too new."""
    entries = [e for e in Store(folder).entries if e.step <= step]
    newest = max(entries, key=lambda e: e.step, default=None)
    return {
        "snapshot": newest.name if newest else None,
        "replay_to": step,
        "emitted": {"metrics": step, "validation": step} if step else {},
    }

"""The fork server: children die with their sockets and are reported; nobody is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from app.engine.snapshots import file_name
from tests.worker.workers import Server, Worker, gone_within


def test_killed_worker_is_reported_and_its_run_goes_on(zygote: Server, tmp_path: Path) -> None:
    straight = zygote.fork().start(tmp_path / "a")
    want = straight.to(40)
    worker = zygote.fork().start(tmp_path / "b")
    worker.to(10)
    worker.command("play")
    worker.event("metrics")
    os.kill(worker.pid, signal.SIGKILL)
    worker.to_the_end()
    assert zygote.exited(worker) == -signal.SIGKILL
    resumed = zygote.fork().start(
        tmp_path / "b",
        snapshot=file_name(0, 10),
        replay_to=25,
        emitted={"metrics": 25, "validation": 0},
    )
    assert resumed.kind("ready")[0]["step"] == 25
    assert resumed.to(40) == want
    assert min(s for e in resumed.events if e["type"] == "metrics" for s in e["steps"]) == 26


def test_worker_ends_with_its_socket_in_the_middle_of_training(
    zygote: Server, tmp_path: Path
) -> None:
    worker = zygote.fork().start(tmp_path)
    worker.command("play")
    worker.event("metrics")
    worker.close()
    assert gone_within(worker.pid, 1.0)
    assert zygote.exited(worker) == 0


def test_worker_that_was_never_started_ends_with_its_socket(zygote: Server) -> None:
    worker = zygote.fork()
    worker.close()
    assert gone_within(worker.pid, 1.0)


def test_a_viewer_that_does_not_read_stops_no_training(zygote: Server, tmp_path: Path) -> None:
    worker = zygote.fork().start(tmp_path)
    worker.send({"type": "taps", "taps": [{"key": "k", "tap": {"rate": 60.0}}]})
    worker.command("play")
    reached = 0
    while reached < 60:  # frames are not read meanwhile: what is sent queues up, training goes on
        header, _ = worker.kind("heartbeat")
        reached = header["step"]
    assert worker.command("pause")["step"] >= 60


def test_worker_is_modest_and_knows_no_secret(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    worker.kind("ready")
    worker.kind("heartbeat")  # it may hurry until its first step
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == min(19, own + 10)
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text().strip() == "500"
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    [line] = [line for line in limits.splitlines() if line.startswith("Max address space")]
    assert line.split()[3] != "unlimited"


def test_end_of_the_control_socket_ends_all(tmp_path: Path) -> None:
    with Server() as server:
        workers = [server.fork().start(tmp_path / str(i)) for i in range(3)]
        for worker in workers:
            worker.command("play")
        server.control.close()
        server.process.wait(5)
        assert all(gone_within(worker.pid, 1.0) for worker in workers)

"""A server that is killed takes everything along: its port is free, and no child of it is left."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.live.test_own_data import CSV, TABLE
from tests.support import LiveServer, start_server
from tests.waiting import until

FREE_WITHIN = 1.0
GONE_WITHIN = 2.0
LONG = {"dataset": {"type": "digits28"}, "baseline": {"type": "boosting", "rounds": 200}}


@contextmanager
def serving(data: Path) -> Iterator[LiveServer]:
    server = start_server(data)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def killed(server: LiveServer) -> float:
    """Seconds until another program could take the port; all processes are gone soon after."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    until(lambda: is_free(server.port), "a free port", 30)
    took = time.monotonic() - began
    until(lambda: not any(map(is_alive, children)), "the end of all children", GONE_WITHIN)
    return took


def until_started(server: LiveServer, kind: str) -> None:
    def look() -> bool:
        children = psutil.Process(server.process.pid).children(recursive=True)
        lines = [Path(f"/proc/{one.pid}/cmdline") for one in children]
        return any(kind.encode() in line.read_bytes() for line in lines if line.exists())

    until(look, kind, 10)


def is_alive(process: psutil.Process) -> bool:
    """A zombie is gone: whoever adopted it has only not asked yet."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
        return True


def test_the_port_is_free_while_the_fork_server_warms_up(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert killed(server) < FREE_WITHIN


@pytest.mark.deep
def test_the_port_is_free_ten_times_of_ten(tmp_path: Path) -> None:
    """Killed at another moment of its start each time."""
    for number in range(10):
        with serving(tmp_path) as server:
            time.sleep(0.3 * number)
            assert killed(server) < FREE_WITHIN


def test_nothing_that_it_started_outlives_it(tmp_path: Path) -> None:
    """A run that trains, a baseline that learns and an upload that is read."""
    with serving(tmp_path) as server:
        spec = server.preset()
        spec["training"]["phases"][0]["epochs"] = 1000
        server.command(server.create(spec)["id"], "play")
        assert server.post("/api/v1/baselines", LONG).status == 202
        table = TABLE + "\n".join(TABLE.splitlines()[1:]) * 2000
        upload = server.request("POST", "/api/v1/uploads", table.encode(), CSV)
        assert upload.status == 202, upload.body
        for kind in ("app.worker.zygote", "app.worker.baselines", "app.own"):
            until_started(server, kind)
        assert killed(server) < FREE_WITHIN

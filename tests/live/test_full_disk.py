"""A disk that fills up, and a folder that goes away, under a real server: nothing is lost or hidden."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import waiting
from tests.live.test_own_data import CSV, TABLE
from tests.support import LiveServer, live_server

MIB = 2**20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 30 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    given = ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(given, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left, as another program might."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def until(what: Callable[[], Any], seconds: float) -> Any:
    """The first true answer."""
    return waiting.until(what, str(what), seconds)


def trained(server: LiveServer, speed: float | None = None) -> str:
    spec = server.preset("points_circle")
    spec["training"]["phases"][0]["epochs"] = 10_000
    run = str(server.create(spec)["id"])
    if speed is not None:
        server.command(run, "set_speed", steps_per_second=speed)
    server.command(run, "play")
    return run


def info(server: LiveServer, run: str) -> dict[str, Any]:
    return dict(server.get(f"/api/v1/runs/{run}").json())


def numbers(server: LiveServer, run: str) -> list[int]:
    found: list[int] = []
    while True:
        after = found[-1] if found else 0
        page = server.get(f"/api/v1/runs/{run}/events?after={after}&limit=500").json()["events"]
        if not page:
            return found
        found += [one["seq"] for one in page]


@pytest.mark.deep
def test_a_full_disk_is_said_and_left_again(small: Path) -> None:
    data = small / "data"
    with live_server(data) as server:
        other, run = trained(server), trained(server, 50)
        until(lambda: info(server, run)["step"] > 20, 30)
        filler = fill(small)
        said = until(lambda: (a := server.get("/readyz")).status == 503 and a, 5).json()
        assert "is full" in said["reason"]["en"]
        held = info(server, run)
        assert held["state"] == "paused"
        assert held["reason"]["en"].startswith("Paused: The disk")
        step = held["step"]
        for path, body in (
            ("/api/v1/runs", server.preset("points_circle")),
            (f"/api/v1/runs/{run}/commands", {"type": "pause"}),
        ):
            began = time.monotonic()
            refused = server.post(path, body)
            assert time.monotonic() - began < 5
            assert refused.status == 507, refused.body
            assert refused.json()["code"] == "disk_full"
            assert "Delete runs" in refused.json()["message"]["en"]
            assert refused.json()["message"]["zh"]
        for path, kind in (("/api/v1/uploads", CSV["content-type"]), ("/api/v1/weights", "")):
            headers = {"content-type": kind or "application/octet-stream"}
            refused = server.request("POST", path, TABLE.encode(), headers)
            assert refused.status == 507, (path, refused.body)
        assert server.request("DELETE", f"/api/v1/runs/{other}").status == 204
        assert server.get(f"/api/v1/runs/{other}").status == 404
        filler.unlink()
        until(lambda: server.get("/readyz").status == 200, 5)
        until(lambda: info(server, run)["step"] > step + 20, 20)
        assert info(server, run)["state"] == "running"
        server.command(run, "pause")
        last = info(server, run)["last_seq"]
        assert numbers(server, run)[:last] == list(range(1, last + 1)), "nothing is missing"


@pytest.mark.deep
def test_a_server_starts_and_deletes_on_a_full_disk(small: Path) -> None:
    data = small / "data"
    with live_server(data) as server:
        runs = [trained(server) for _ in range(3)]
        until(lambda: info(server, runs[0])["step"] > 500, 60)
        fill(small)
        until(lambda: server.get("/readyz").status == 503, 5)
        server.process.kill()
        server.process.wait()
    with live_server(data, ready=False) as server:
        assert until(lambda: server.get("/readyz").status, 5) == 503
        listed = server.get("/api/v1/runs").json()["runs"]
        assert {one["id"] for one in listed} == set(runs)
        assert all(one["state"] != "running" for one in listed)
        for run in runs:
            fill(small)
            assert server.request("DELETE", f"/api/v1/runs/{run}").status == 204
        assert server.get("/api/v1/runs").json()["runs"] == []


def removed(data: Path) -> None:
    shutil.rmtree(data)


def replaced(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))
    data.mkdir()


@pytest.mark.parametrize("change", [removed, replaced])
def test_a_folder_that_goes_away_is_noticed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    data = tmp_path / "data"
    with live_server(data) as server:
        run = trained(server, 20)
        until(lambda: info(server, run)["step"] > 5, 30)
        change(data)
        said = until(lambda: (a := server.get("/readyz")).status == 503 and a, 5).json()
        assert "removed or replaced" in said["reason"]["en"]
        held = info(server, run)
        assert held["state"] == "paused"
        assert "removed or replaced" in held["reason"]["en"]
        for path, body in (
            ("/api/v1/runs", server.preset("points_circle")),
            (f"/api/v1/runs/{run}/commands", {"type": "pause"}),
        ):
            refused = server.post(path, body)
            assert (refused.status, refused.json()["code"]) == (503, "data_gone")
        refused = server.request("POST", "/api/v1/uploads", TABLE.encode(), CSV)
        assert refused.status == 503
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10


@pytest.mark.deep
def test_a_folder_that_comes_back_is_used_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with live_server(data) as server:
        run = trained(server, 20)
        until(lambda: info(server, run)["step"] > 5, 30)
        data.rename(tmp_path / "elsewhere")
        until(lambda: server.get("/readyz").status == 503, 5)
        step = info(server, run)["step"]
        (tmp_path / "elsewhere").rename(data)
        until(lambda: server.get("/readyz").status == 200, 5)
        until(lambda: info(server, run)["step"] > step + 10, 20)
        server.command(run, "pause")
        last = info(server, run)["last_seq"]
        assert numbers(server, run)[:last] == list(range(1, last + 1))


@pytest.mark.deep
def test_the_second_of_two_servers_gets_in_when_the_first_is_killed(tmp_path: Path) -> None:
    from tests.live.test_server import serve

    with live_server(tmp_path) as first:
        run = trained(first)
        for _ in range(3):
            refused = serve("--port", "0", "--data", str(tmp_path))
            (line,) = refused.stderr.strip().splitlines()
            assert refused.returncode == 3
            assert "already uses the data folder" in line
        step = info(first, run)["step"]
        until(lambda: info(first, run)["step"] > step, 10)
        first.process.kill()
        first.process.wait()
        with live_server(tmp_path) as second:
            assert info(second, run)["step"] >= step
            last = info(second, run)["last_seq"]
            assert numbers(second, run)[:last] == list(range(1, last + 1))

"""A data folder that cannot be used as it is: one sentence at the start, or everything but the bad row."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.test_server import serve
from tests.support import live_server


def mounted_read_only(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    given = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder)]
    if subprocess.run(given, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")


def database(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "glassnet.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


CASES: dict[str, Callable[[Path], None]] = {
    "a later version": lambda folder: database(
        folder,
        "CREATE TABLE runs (id TEXT)",
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('9999future')",
    ),
    "another program's": lambda folder: database(folder, "CREATE TABLE bookmarks (url TEXT)"),
    "a folder named as the database": lambda folder: (folder / "glassnet.db").mkdir(),
    "read-only": mounted_read_only,
}


@pytest.mark.parametrize(
    ("case", "host"),
    [
        ("a later version", "127.0.0.1"),
        ("read-only", "0.0.0.0"),
        *(
            pytest.param(case, host, marks=pytest.mark.deep)
            for case in CASES
            for host in ("127.0.0.1", "0.0.0.0")
        ),
    ],
)
def test_the_start_ends_with_one_sentence(tmp_path: Path, case: str, host: str) -> None:
    """On an address that asks for a token, the folder is written to before the server starts."""
    folder = tmp_path / "data"
    folder.mkdir()
    CASES[case](folder)
    try:
        refused = serve("--port", "0", "--data", str(folder), "--host", host)
    finally:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True)
    assert refused.returncode == 3
    (line,) = refused.stderr.strip().splitlines()
    assert "glassnet: " in line
    assert str(folder) in line


@pytest.mark.deep
def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for host in ("127.0.0.1", "0.0.0.0"):
        refused = serve("--port", "0", "--data", str(tmp_path / "data"), "--host", host)
        (line,) = refused.stderr.strip().splitlines()
        assert "it is a file" in line
        assert refused.returncode == 3


def test_bad_rows_hide_themselves_alone(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        spec = server.preset("points_circle")
        good, bad, cut = (server.create(spec)["id"] for _ in range(3))
        for run in (good, bad, cut):
            server.command(run, "step", unit="batch", count=3)
    with closing(sqlite3.connect(tmp_path / "glassnet.db")) as connection, connection:
        connection.execute("UPDATE runs SET spec = '{}' WHERE id = ?", (bad,))
        connection.execute("UPDATE events SET body = '{}' WHERE run = ? AND seq = 3", (cut,))
    with live_server(tmp_path) as server:
        listed = {one["id"]: one for one in server.get("/api/v1/runs").json()["runs"]}
        assert set(listed) == {good, bad, cut}
        assert "cannot be read" in listed[bad]["unreadable"]["en"]
        assert server.get(f"/api/v1/runs/{bad}").json() == listed[bad]
        assert listed[good]["unreadable"] is None
        assert b"cannot be read" in server.get("/en/runs", accept="text/html").body
        events = server.get(f"/api/v1/runs/{cut}/events").json()["events"]
        assert events[2]["event"]["code"] == "event_unreadable"
        assert server.get(f"/api/v1/runs/{bad}/metrics").status == 200
        refused = server.post(f"/api/v1/runs/{bad}/commands", {"type": "play"})
        assert refused.status == 409
        assert refused.json()["code"] == "run_unreadable"
        server.command(good, "step", unit="batch", count=3)
        assert server.request("DELETE", f"/api/v1/runs/{bad}").status == 204
        assert server.get(f"/api/v1/runs/{bad}").status == 404

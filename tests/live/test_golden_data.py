"""A data folder of an earlier version opens: runs resume, go back and have the weights they had.

``tests/golden/data_folder_0_1.zip`` holds a folder as version 0.1 left it (``data/``), what its server
answered (``told.json``) and the weights at some steps (``weights/``).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from tests.support import ROOT, LiveServer, live_server

GOLDEN = ROOT / "tests/golden/data_folder_0_1.zip"
REPLAY = 1e-4
"""Another processor's instruction set may give other last bits where steps are made again."""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    with zipfile.ZipFile(GOLDEN) as archive:
        return dict(json.loads(archive.read("told.json")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("golden")
    with zipfile.ZipFile(GOLDEN) as archive:
        archive.extractall(folder)
    with live_server(folder / "data") as found:
        yield found


def weights(told: dict[str, Any], run: str, step: int) -> dict[str, np.ndarray[Any, Any]]:
    with zipfile.ZipFile(GOLDEN) as archive:
        return load(archive.read(f"weights/{told[run]['weights'][str(step)]}"))


def now(server: LiveServer, run: str) -> dict[str, np.ndarray[Any, Any]]:
    return load(server.get(f"/api/v1/runs/{run}/tensors").body)


def same(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float = 0.0) -> None:
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=0, atol=tolerance, err_msg=name)


def test_runs_are_as_they_were(server: LiveServer, told: dict[str, Any]) -> None:
    assert len(told) == 2
    for run, before in told.items():
        info = server.get(f"/api/v1/runs/{run}").json()
        for name in ("spec", "settings", "branches", "branch", "step", "epoch", "name", "device"):
            assert info[name] == before["info"][name], name
        assert info["state"] in ("parked", "finished")
        events = server.get(f"/api/v1/runs/{run}/events?limit=1000").json()["events"]
        for ours, theirs in zip(events, before["events"], strict=False):
            assert ours["seq"] == theirs["seq"]
            assert theirs["event"].items() <= ours["event"].items(), theirs
        metrics = server.get(f"/api/v1/runs/{run}/metrics").json()
        assert before["metrics"].items() <= metrics.items()


def test_weights_of_a_snapshot_are_the_same_bits(server: LiveServer, told: dict[str, Any]) -> None:
    for run, before in told.items():
        step = before["info"]["step"]
        same(now(server, run), weights(told, run, step))


def test_a_run_goes_on_and_back_as_it_did(server: LiveServer, told: dict[str, Any]) -> None:
    run = next(name for name, before in told.items() if "80" in before["weights"])
    server.command(run, "play", until=80)
    server.wait(run, "paused", 80)
    same(now(server, run), weights(told, run, 80), REPLAY)
    server.command(run, "rewind", step=20)
    server.wait(run, "paused", 20)
    same(now(server, run), weights(told, run, 20), REPLAY)
    settings = server.get(f"/api/v1/runs/{run}").json()["settings"]
    assert settings["optimizer"]["learning_rate"] == 0.01
    assert settings["speed"] == 500.0
    assert (settings["frozen"], settings["layers"]) == ({}, {})

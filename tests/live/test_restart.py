"""A server ends and another goes on where it was: runs, curves, snapshots, own data."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from tests.live.test_own_data import TABLE, reach, spec_of, stored, uploaded
from tests.live.test_runs import played
from tests.support import LiveServer, live_server

SECOND_START = 15.0
"""Seconds; the product's bar is 5 on a machine at rest, this only catches a lost warm start."""


def same_weights(server: LiveServer, run: str, wanted: dict[str, np.ndarray]) -> None:
    found = load(server.get(f"/api/v1/runs/{run}/tensors").body)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)


def test_everything_outlives_the_server(tmp_path: Path) -> None:
    with live_server(tmp_path) as first:
        points = first.create(first.preset("points_circle"))["id"]
        played(first, points, 7)
        curve = first.get(f"/api/v1/runs/{points}/metrics").json()
        digest = uploaded(first, TABLE.encode())["digest"]
        spec = spec_of(stored(first, digest)["dataset"], 3)
        own = first.create(spec)["id"]
        reach(first, own, 40)
        at_40 = load(first.get(f"/api/v1/runs/{own}/tensors").body)
        whole = first.create(spec)["id"]
        reach(first, whole, 80)
        at_80 = load(first.get(f"/api/v1/runs/{whole}/tensors").body)
        assert first.stop() == 0
    began = time.monotonic()
    with live_server(tmp_path) as second:
        assert time.monotonic() - began < SECOND_START
        assert second.get(f"/api/v1/runs/{points}").json()["state"] == "parked"
        assert second.get(f"/api/v1/runs/{points}/metrics").json() == curve
        assert second.command(points, "step")["step"] == 7
        same_weights(second, own, at_40)
        reach(second, own, 80)
        same_weights(second, own, at_80)
        assert second.stop(signal.SIGINT) == 0

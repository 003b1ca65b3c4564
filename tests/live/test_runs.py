"""Runs through REST, with real workers: what is stored, answered, predicted and downloaded."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from tests.live.viewer import open_tab
from tests.support import ROOT, LiveServer

SAFETENSORS = "application/vnd.safetensors"


def played(server: LiveServer, run: str, batches: int = 5) -> None:
    """Train some batches and wait for the end of them."""
    with open_tab(server) as tab:
        tab.follow(run)
        tab.until_state("paused")
        before = server.get(f"/api/v1/runs/{run}").json()["step"]
        server.command(run, "step", unit="batch", count=batches)
        tab.until(lambda: tab.of("state")[-1]["step"] == before + batches)


def test_a_run_is_accepted_with_its_place(server: LiveServer) -> None:
    answer = server.post("/api/v1/runs", {**server.preset(), "name": "mine"})
    assert answer.status == 202
    run = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{run['id']}"
    assert (run["name"], run["step"], run["device"]) == ("mine", 0, "cpu")
    assert server.get(answer.headers["location"]).json()["spec"] == run["spec"]
    html = server.get("/zh/runs", accept="text/html").body.decode()
    assert f'href="/zh/#run={run["id"]}"' in html


def test_lists_come_in_pages(server: LiveServer) -> None:
    made = [server.create(server.preset("points_circle"))["id"] for _ in range(3)]
    first = server.get("/api/v1/runs?limit=2").json()
    assert [run["id"] for run in first["runs"]] == made[:0:-1]
    second = server.get(f"/api/v1/runs?limit=2&cursor={first['next']}").json()
    assert second["runs"][0]["id"] == made[0]
    assert server.get("/api/v1/runs?cursor=a").status == 422
    for run in made:
        assert server.request("DELETE", f"/api/v1/runs/{run}").status == 204


def test_a_deleted_run_is_gone(server: LiveServer, lenet: dict[str, Any]) -> None:
    address = f"/api/v1/runs/{lenet['id']}"
    assert server.request("DELETE", address).status == 204
    for path in ("", "/events", "/metrics", "/snapshots", "/tensors"):
        assert server.get(address + path).status == 404
    assert server.post(f"{address}/commands", {"type": "play"}).status == 404


def test_curves_and_snapshots(server: LiveServer, lenet: dict[str, Any]) -> None:
    address = f"/api/v1/runs/{lenet['id']}"
    played(server, lenet["id"])
    curves = server.get(f"{address}/metrics").json()
    assert curves["steps"] == [1, 2, 3, 4, 5]
    assert len(curves["loss"]) == len(curves["accuracy"]) == 5
    assert server.get(f"{address}/metrics?branch=9").status == 404
    listed = server.get(f"{address}/snapshots").json()["snapshots"]
    assert {0, 5} <= {one["step"] for one in listed}
    file = server.get(f"{address}/snapshots/0/5")
    assert file.headers["content-type"] == SAFETENSORS
    assert load(file.body)
    assert server.get(f"{address}/snapshots/0/4").status == 404


def test_a_sample_is_predicted(server: LiveServer, lenet: dict[str, Any]) -> None:
    address = f"/api/v1/runs/{lenet['id']}/predictions"
    asked = {"sample": {"kind": "given", "values": [0.5] * 784}}
    said = server.post(address, asked).json()
    assert sum(said["probabilities"]) == pytest.approx(1.0, abs=1e-4)
    assert said["label"] == int(np.argmax(said["outputs"]))
    assert said["readout"] == "softmax"
    frame = server.request("POST", address, asked, {"accept": SAFETENSORS})
    tensors = load(frame.body)
    assert tensors["input.activation"].dtype == np.float32
    assert np.allclose(tensors["output.probabilities"], said["probabilities"], atol=1e-6)
    assert server.post(address, {"sample": {"kind": "given", "values": [0.5]}}).status == 422
    assert server.post(address, {"sample": {"kind": "stored", "index": 10**7}}).status == 422


def test_parameters_are_downloaded(server: LiveServer, lenet: dict[str, Any]) -> None:
    tensors = load(server.get(f"/api/v1/runs/{lenet['id']}/tensors").body)
    assert tensors["conv1.weight"].shape == (6, 1, 5, 5)


def test_samples_are_those_of_the_data_set(server: LiveServer) -> None:
    body = {"dataset": {"type": "digits28"}, "split": "val", "start": 990, "count": 24}
    answer = server.post("/api/v1/datasets:samples", body)
    tensors = load(answer.body)
    assert tensors["inputs"].shape == (10, 1, 28, 28)
    assert tensors["inputs"].dtype == np.float32
    assert tensors["targets"].shape == (10,)
    plane = load(
        server.post("/api/v1/datasets:samples", {"dataset": {"type": "points_plane"}}).body
    )
    assert plane["targets"].ndim == 2
    missing = server.post("/api/v1/datasets:samples", {"dataset": {"type": "fashion_mnist"}})
    if missing.status != 200:
        assert (missing.status, missing.json()["code"]) == (409, "data_missing")


def test_devices_and_queue(server: LiveServer) -> None:
    devices = server.get("/api/v1/devices").json()
    assert "cpu" in {device["id"] for device in devices["devices"]}
    assert devices["default"] in {device["id"] for device in devices["devices"]}
    assert server.get("/api/v1/queue").json() == {"queue": []}


@pytest.mark.parametrize(
    ("command", "status", "pointer"),
    [
        ({"type": "fly"}, 422, ""),
        ({"type": "step", "count": 0}, 422, "/count"),
        ({"type": "set_optimizer", "values": {"learning_rate": -1}}, 422, "/values/learning_rate"),
        ({"type": "set_optimizer", "values": {"nothing": 1}}, 422, "/values/nothing"),
        ({"type": "set_layer", "node": "nothing", "values": {"rate": 0.5}}, 404, None),
        ({"type": "rewind", "step": 9}, 422, "/step"),
    ],
)
def test_commands_that_do_not_fit(
    server: LiveServer,
    lenet: dict[str, Any],
    command: dict[str, Any],
    status: int,
    pointer: str | None,
) -> None:
    answer = server.post(f"/api/v1/runs/{lenet['id']}/commands", command)
    assert answer.status == status, answer.body
    if pointer is not None:
        assert answer.json()["problems"][0]["pointer"] == pointer


def test_the_readmes_client_prints_maps(server: LiveServer, lenet: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code is not None
    program = code.group(1).replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    server.command(lenet["id"], "play")
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program, lenet["id"]], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        try:
            wanted = {"maps": r"step \d+ conv1 \(6, 28, 28\) mean ", "events": r"\d+ metrics \d+"}
            deadline = time.monotonic() + 60
            while wanted and time.monotonic() < deadline:
                line = client.stdout.readline()
                wanted = {name: look for name, look in wanted.items() if not re.match(look, line)}
        finally:
            client.terminate()
    assert not wanted

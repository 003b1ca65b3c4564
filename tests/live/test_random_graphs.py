"""Random networks through a real server and real workers: what the check says is what the run has.

Every network goes to ``models:check``; what is broken is mended by the repairs offered, and what is sound
then trains one step in a worker of its own. ``make test`` runs every tenth of them, ``make test-deep`` all of
ten times as many.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

from app.catalog.datasets import DATASETS
from app.core.shapes import Steps
from app.spec.model import parse_model
from app.spec.training import TrainingSpec
from tests.conftest import DEEP
from tests.live.viewer import Tab, open_tab
from tests.spec.networks import any_network, trainings
from tests.spec.patching import apply
from tests.support import LiveServer

Array = np.ndarray[Any, Any]
EVERY = 1 if DEEP else 10
"""Of the networks that can be built, one in so many becomes a run."""
PATIENCE = 600 if DEEP else 60
"""Seconds for one answer: the long loops run beside other work."""
MOST_VALUES = 400_000
"""Parameters and activations of a run: 200 of them are to take seconds, not minutes."""
LIVE = settings(
    max_examples=2000 if DEEP else 200,
    deadline=None,
    derandomize=not DEEP,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Client:
    """One kept connection; no answer of it is ever 5xx."""

    def __init__(self, server: LiveServer, connection: http.client.HTTPConnection) -> None:
        self.server = server
        self._connection = connection
        self.sound = 0
        self.runs = 0

    def ask(
        self, method: str, path: str, body: Any = None, accept: str = "*/*"
    ) -> tuple[int, bytes]:
        headers = {"content-type": "application/json", "accept": accept}
        said = None if body is None else json.dumps(body).encode()
        self._connection.request(method, f"/api/v1{path}", said, headers)
        with self._connection.getresponse() as response:
            content = response.read()
            assert response.status < 500, (method, path, content.decode(), body)
            return response.status, content

    def check(self, body: dict[str, Any]) -> dict[str, Any]:
        status, content = self.ask("POST", "/models:check", body)
        assert status == 200, content
        report = dict(json.loads(content))
        for problem in report["problems"]:
            assert problem["code"]
            assert problem["pointer"].startswith(("/model", "/training"))
            assert problem["message"]["en"] != problem["message"]["zh"]
        return report


@pytest.fixture
def client(server: LiveServer) -> Iterator[Client]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as opened:
        used = Client(server, opened)
        yield used
    assert server.process.poll() is None
    sys.stdout.write(f"{used.sound} networks could be built, {used.runs} trained a step\n")


@contextmanager
def one_run(client: Client, spec: dict[str, Any]) -> Iterator[str]:
    status, content = client.ask("POST", "/runs", spec)
    assert status == 202, content
    run = str(json.loads(content)["id"])
    try:
        yield run
    finally:
        assert client.ask("DELETE", f"/runs/{run}")[0] == 204


def errors(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [problem for problem in report["problems"] if problem["severity"] == "error"]


def mended(client: Client, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network after the first repair of its first error, and so on; and the last report."""
    report = client.check(body)
    for _ in range(40):
        found = [problem for problem in errors(report) if problem["repairs"]]
        if not found:
            break
        body = apply(body, found[0]["repairs"][0]["patch"])
        report = client.check(body)
    return body, report


def trains(client: Client, spec: dict[str, Any], report: dict[str, Any]) -> None:
    """One step; the tensors and activations of the run have the shapes and counts of the report."""
    with open_tab(client.server) as tab, one_run(client, spec) as run:
        tab.follow(run)
        status, content = client.ask(
            "POST", f"/runs/{run}/commands", {"type": "step", "unit": "batch", "count": 1}
        )
        assert status == 200, content
        state = tab.until(lambda: rested(tab, run))
        assert state["state"] in ("paused", "finished"), (state, spec)
        kept = load(client.ask("GET", f"/runs/{run}/tensors")[1])
        assert shapes_of(kept) == tensors_of(spec, report)
        sample = {"sample": {"kind": "stored", "index": 0}}
        frame = client.ask(
            "POST", f"/runs/{run}/predictions", sample, "application/vnd.safetensors"
        )
        assert frame[0] == 200, frame[1]
        shown = shapes_of(load(frame[1]))
        for node in report["nodes"]:
            assert shown[f"{node['id']}.activation"] == tuple(node["shape"]), spec


def shapes_of(tensors: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in tensors.items()}


def tensors_of(spec: dict[str, Any], report: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """What the check says of parameters, whose count it states, and the buffers beside them."""
    told: dict[str, tuple[int, ...]] = {}
    count = 0
    nodes = {node.id: node for node in parse_model(json.dumps(spec["model"])).nodes}
    in_steps = {node["id"]: node["time_first"] for node in report["nodes"]}
    in_steps["input"] = report["input_time_first"]
    for node in report["nodes"]:
        arriving = tuple(
            Steps(*shape) if in_steps[source] else tuple(shape)
            for source, shape in zip(nodes[node["id"]].inputs, node["inputs"], strict=True)
        )
        for one in node["parameters"]:
            told[f"{node['id']}.{one['name']}"] = tuple(one["shape"])
            count += prod(one["shape"])
        for buffer in nodes[node["id"]].layer.buffers(arriving):
            told[f"{node['id']}.{buffer.name}"] = buffer.shape
    assert count == report["totals"]["parameters"]
    return told


def rested(tab: Tab, run: str) -> dict[str, Any] | None:
    """The newest state of this run, once it has made its step or will make none."""
    states = [one["event"] for one in tab.events if one["run"] == run]
    states = [event for event in states if event["type"] == "state"]
    last: dict[str, Any] = states[-1] if states else {"state": "starting", "step": 0}
    if last["state"] in ("failed", "interrupted", "parked"):
        return last
    return last if int(last["step"]) >= 1 and last["state"] != "running" else None


def body_of(data: st.DataObject, training: TrainingSpec) -> dict[str, Any]:
    model = data.draw(any_network(training))
    body = {"model": model.model_dump_json(), "training": training.model_dump_json()}
    return {name: json.loads(text) for name, text in body.items()}


def goes_through(client: Client, body: dict[str, Any]) -> None:
    body, report = mended(client, body)
    for problem in errors(report):
        assert "Glassnet has no one-click repair" in problem["message"]["en"], problem
    totals = report["totals"]
    here = not DATASETS.parts[body["training"]["dataset"]["type"]].DOWNLOAD_BYTES
    if errors(report) or max(totals["parameters"], totals["activations"]) > MOST_VALUES or not here:
        return
    client.sound += 1
    if client.sound % EVERY == 0:
        client.runs += 1
        body["training"]["phases"][0]["batch_size"] = 4
        trains(client, body, report)


@pytest.mark.timeout(3600 if DEEP else 600)
@settings(LIVE)
@given(data=st.data(), training=trainings())
def test_random_graph(client: Client, data: st.DataObject, training: TrainingSpec) -> None:
    goes_through(client, body_of(data, training))

"""Weights edited, units frozen and silenced through REST: seen at once, refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from safetensors.numpy import load

from app.protocol.frames import metadata
from tests.live.viewer import open_tab
from tests.support import LiveServer


@pytest.fixture
def run(server: LiveServer) -> Iterator[str]:
    made = server.create(server.preset("digits8_mlp"))
    yield str(made["id"])
    server.request("DELETE", f"/api/v1/runs/{made['id']}")


def first_layer(server: LiveServer, run: str) -> str:
    nodes = server.get(f"/api/v1/runs/{run}").json()["spec"]["model"]["nodes"]
    return str(next(node["id"] for node in nodes if node["layer"]["type"] == "dense"))


def test_a_resting_run_shows_the_effect_at_once(server: LiveServer, run: str) -> None:
    node = first_layer(server, run)
    with open_tab(server) as tab:
        tab.follow(run, "activation", "kernel")
        tab.until_state("paused")
        tab.until(lambda: len(tab.frames) >= 1)
        for kind, fields in (
            ("silence", {"node": node}),
            ("restore", {"node": node}),
            ("edit_weight", {"node": node, "tensor": "weight", "index": [0, 20], "value": 9.0}),
        ):
            shown, validated = len(tab.frames), len(tab.of("validation"))
            server.command(run, kind, **fields)
            while len(tab.frames) == shown or len(tab.of("validation")) == validated:
                tab.take()
            assert metadata(tab.frames[-1])["step"] == "0"
        losses = [event["loss"] for event in tab.of("validation")[-4:]]
    plain, silenced, restored, edited = losses
    assert plain == restored != silenced
    assert edited != plain
    curve = server.get(f"/api/v1/runs/{run}/metrics").json()["validation"]
    assert (curve["steps"], curve["loss"]) == ([0], [edited])


def test_one_unit_of_a_recurrent_layer_is_silenced(server: LiveServer) -> None:
    run = str(server.create(server.preset("gru_digits"))["id"])
    path = f"/api/v1/runs/{run}"
    server.command(run, "silence", node="gru1", unit=7)
    wanted = {"roles": ["activation"], "nodes": ["gru1"], "samples": [{"kind": "stored"}]}
    held = load(server.post(f"{path}/trace", wanted).body)["gru1.activation"]
    assert held.shape[1] == 28
    assert [unit for unit in range(48) if not held[..., unit].any()] == [7]
    cell = {"role": "activation", "node": "gru1", "sample": 0, "index": [9, 7]}
    said = server.post(f"{path}/explain", {"cell": cell}).json()
    assert (said["kind"], said["value"]) == ("silenced", 0.0)
    refused = server.post(f"{path}/commands", {"type": "silence", "node": "gru1", "unit": 48})
    assert (refused.status, refused.json()["problems"][0]["code"]) == (422, "no_such_unit")
    server.request("DELETE", path)


@pytest.mark.parametrize(
    ("command", "status", "code", "pointer"),
    [
        ({"type": "silence", "node": "nothing"}, 404, "not_found", "/node"),
        ({"type": "silence", "unit": 999}, 422, "no_such_unit", "/unit"),
        ({"type": "freeze", "unit": -1}, 422, "invalid", "/unit"),
        ({"type": "edit_weight", "tensor": "kernel", "index": [0], "value": 1}, 422, "no_such_weight", "/tensor"),
        ({"type": "edit_weight", "tensor": "weight", "index": [0], "value": 1}, 422, "no_such_weight", "/index"),
        ({"type": "edit_weight", "tensor": "weight", "index": [0, 0], "value": 1e39}, 422, "invalid", "/value"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_in_both_languages(
    server: LiveServer,
    run: str,
    command: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    answer = server.post(
        f"/api/v1/runs/{run}/commands", {"node": first_layer(server, run), **command}
    )
    assert answer.status == status, answer.body
    problem = answer.json()["problems"][0]
    assert problem["pointer"] == pointer
    assert code in (problem["code"], answer.json()["code"])
    assert problem["message"]["en"] != problem["message"]["zh"]


def test_numbers_that_are_none_are_refused(server: LiveServer, run: str) -> None:
    for value in ("NaN", "Infinity", "null", '"1"'):
        body = f'{{"type": "edit_weight", "node": "fc1", "tensor": "weight", "index": [0, 0], "value": {value}}}'
        answer = server.request("POST", f"/api/v1/runs/{run}/commands", body.encode())
        assert 400 <= answer.status < 500, value
        assert answer.json()["code"]

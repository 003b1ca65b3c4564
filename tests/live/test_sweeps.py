"""A curve over a movement from a real server and worker, and frames of a moved sample."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import LiveServer

SWEEP = {"axis": "turn", "low": -30.0, "high": 30.0, "points": 13}
STORED = {"kind": "stored", "split": "val", "index": 4}


def ask(server: LiveServer, run: str, body: dict[str, Any]) -> Any:
    return server.post(f"/api/v1/runs/{run}/sweeps", body)


def test_a_sweep_and_the_prediction_at_its_end_agree(
    server: LiveServer, lenet: dict[str, Any]
) -> None:
    answer = ask(server, lenet["id"], {"sample": STORED, "sweep": SWEEP})
    assert answer.status == 200
    found = answer.json()
    assert found["values"][0] == -30
    assert found["values"][-1] == 30
    assert len(found["answers"]) == len(found["labels"]) == 13
    turned = {"kind": "warped", "of": STORED, "warp": {"turn": 30.0}}
    predicted = server.post(f"/api/v1/runs/{lenet['id']}/predictions", {"sample": turned}).json()
    assert predicted["probabilities"] == pytest.approx(found["answers"][-1], abs=1e-5)
    assert predicted["target"] == found["target"] is not None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sweep": {**SWEEP, "low": 40.0}}, "out_of_range"),
        ({"sweep": {**SWEEP, "axis": "scale"}}, "out_of_range"),
        ({"sweep": {**SWEEP, "points": 1000}}, "invalid"),
        ({"sample": {"kind": "stored", "index": 999999}}, "sample_misfit"),
        ({"sample": {"kind": "given", "values": [0.0]}}, "sample_misfit"),
        ({"sample": {"kind": "warped", "of": STORED}}, "invalid"),
    ],
)
def test_refusals(
    server: LiveServer, lenet: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    answer = ask(server, lenet["id"], {"sample": STORED, "sweep": SWEEP, **change})
    assert answer.status == 422
    assert answer.json()["code"] == code


def test_no_run(server: LiveServer) -> None:
    assert ask(server, "nothing", {"sample": STORED, "sweep": SWEEP}).status == 404

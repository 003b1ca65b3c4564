"""The routes of baselines: 202 and Location, polling, cancelling, clear refusals."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.waiting import until

SPEC = {"dataset": {"type": "digits8"}, "baseline": {"type": "linear_svm"}}
LONG = {"dataset": {"type": "digits28"}, "baseline": {"type": "boosting", "rounds": 200}}


def ended(client: TestClient, address: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        record: dict[str, Any] = client.get(address).json()
        return None if record["state"] in ("queued", "running") else record

    return until(look, "the end of the baseline")


def test_a_baseline_from_request_to_result(client: TestClient) -> None:
    answer = client.post("/api/v1/baselines", json=SPEC)
    assert answer.status_code == 202
    address = answer.headers["location"]
    assert address == f"/api/v1/baselines/{answer.json()['id']}"
    record = ended(client, address)
    assert record["state"] == "finished"
    result = record["result"]
    assert 0.85 < result["accuracy"] <= 1
    assert result["parameters"] == 650
    assert result["library"].startswith("scikit-learn ")
    assert client.post("/api/v1/baselines", json=SPEC).json() == record
    assert record in client.get("/api/v1/baselines").json()["baselines"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_cancelling_what_learns(client: TestClient) -> None:
    address = client.post("/api/v1/baselines", json=LONG).headers["location"]
    assert client.get(address).json()["state"] in ("queued", "running")
    assert client.get("/livez").status_code == 200
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["code"] == "not_found"
    assert client.delete(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"dataset": {"type": "no_such_set"}}, 422, "invalid", "/dataset"),
        ({"dataset": {"type": "points_plane"}}, 422, "baseline_misfit", "/baseline/type"),
        ({"dataset": {"type": "fashion_mnist"}}, 409, "data_missing", "/dataset"),
        ({"baseline": {"type": "linear_svm", "penalty": -1.0}}, 422, "invalid", "/baseline"),
        ({"samples": 3}, 422, "invalid", "/samples"),
        ({"seed": True}, 422, "invalid", "/seed"),
    ],
)
def test_refusals(
    client: TestClient, change: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = client.post("/api/v1/baselines", json={**SPEC, **change})
    assert answer.status_code == status
    problem = answer.json()
    assert problem["code"] == code
    assert pointer in str(problem)
    assert problem["message"]["en"] != problem["message"]["zh"]

"""The routes of lag experiments: 202 and Location, results, the run of a cell, clear refusals."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.waiting import until

SPEC = {"lags": [3], "cells": ["irnn", "lstm"], "steps": 40, "units": 8}
ROUTE = "/api/v1/lag-experiments"


def ended(record: dict[str, Any]) -> dict[str, Any] | None:
    return None if record["state"] in ("queued", "running") else record


def test_an_experiment_from_request_to_result(client: TestClient) -> None:
    answer = client.post(ROUTE, json=SPEC)
    assert answer.status_code == 202
    address = answer.headers["location"]
    record = until(lambda: ended(client.get(address).json()), "the end of the experiment")
    assert record["state"] == "finished", record["reason"]
    assert [one["cell"] for one in record["results"]] == ["irnn", "lstm"]
    assert record["results"][0]["before"]["share"] > 0
    assert client.post(ROUTE, json=SPEC).json() == record
    assert record in client.get(ROUTE).json()["experiments"]
    run = client.get(f"{address}/runs/3/irnn").json()
    assert run["training"]["dataset"]["lag"] == 3
    assert client.post("/api/v1/specs:check", json=run).status_code == 200
    assert client.delete(f"{address}/training").json() == record
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lags": [500]}, "/lags"),
        ({"cells": ["transformer"]}, "/cells"),
        ({"steps": True}, "/steps"),
        ({"task": "copy"}, "/task"),
        ({"lags": [5, 5]}, "must not repeat"),
    ],
)
def test_refusals(client: TestClient, change: dict[str, Any], pointer: str) -> None:
    answer = client.post(ROUTE, json={**SPEC, **change})
    assert answer.status_code == 422
    assert pointer in str(answer.json())


def test_what_is_not_there(client: TestClient) -> None:
    assert client.get(f"{ROUTE}/abc").json()["code"] == "not_found"
    assert client.delete(f"{ROUTE}/abc/training").status_code == 404
    assert client.delete(f"{ROUTE}/abc").status_code == 404
    assert client.get(f"{ROUTE}/abc/runs/3/rnn").status_code == 404
    assert client.get(f"{ROUTE}/abc/runs/3/rnm").status_code == 422

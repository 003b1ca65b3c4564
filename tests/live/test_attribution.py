"""Attributions and exciting samples through REST, made by a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from safetensors.numpy import load

from app.protocol.frames import metadata
from tests.support import LiveServer


@pytest.fixture
def run(server: LiveServer) -> Iterator[str]:
    made = server.create(server.preset("digits8_mlp"))
    yield str(made["id"])
    server.request("DELETE", f"/api/v1/runs/{made['id']}")


def test_every_listed_method_answers_or_says_why_not(server: LiveServer, run: str) -> None:
    methods = server.get("/api/v1/attributions").json()["methods"]
    assert {one["type"] for one in methods} >= {"saliency", "grad_cam", "occlusion"}
    for method in ("saliency", "integrated_gradients", "grad_cam"):
        body: dict[str, Any] = {"method": {"type": method}, "target": 3}
        answer = server.post(f"/api/v1/runs/{run}/attributions", body)
        if method == "grad_cam":  # no maps in this network
            assert answer.status == 422
            problem = answer.json()["problems"][0]
            assert problem["code"] == "does_not_apply"
            assert problem["message"]["en"] != problem["message"]["zh"]
            continue
        assert answer.status == 200, answer.body
        found, facts = load(answer.body), metadata(answer.body)
        assert found["attribution"].shape == found["input"].shape == (1, 8, 8)
        assert (facts["target"], facts["step"]) == ("3", "0")
        if method == "integrated_gradients":
            difference = float(facts["score"]) - float(facts["baseline_score"])
            missing = float(found["attribution"].sum()) - difference
            assert missing == pytest.approx(float(facts["completeness_delta"]), abs=1e-6)
            assert abs(missing) < 0.01
    refused = server.post(
        f"/api/v1/runs/{run}/attributions", {"method": {"type": "saliency"}, "target": 10}
    )
    assert refused.status == 422
    assert refused.json()["problems"][0]["pointer"] == "/target"


def test_the_samples_that_excite_a_unit(server: LiveServer, run: str) -> None:
    nodes = server.get(f"/api/v1/runs/{run}").json()["spec"]["model"]["nodes"]
    node = next(one["id"] for one in nodes if one["layer"]["type"] == "dense")
    found = server.post(f"/api/v1/runs/{run}/exciting", {"node": node, "unit": 1, "count": 4})
    assert found.status == 200, found.body
    values = [one["value"] for one in found.json()["samples"]]
    assert values == sorted(values, reverse=True)
    for body, status in (({"node": "nothing"}, 404), ({"node": node, "unit": 9999}, 422)):
        assert server.post(f"/api/v1/runs/{run}/exciting", body).status == status

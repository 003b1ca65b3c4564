"""A part's picture and a part's example through REST."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.catalog import FAMILIES

PLOTTED = [
    (name, kind)
    for name, family in FAMILIES.items()
    for kind, entry in zip(family.parts, family.describe(), strict=True)
    if entry["plot"]
]


def plot(client: TestClient, **body: Any) -> Any:
    return client.post("/api/v1/catalog:plot", json=body)


@pytest.mark.parametrize(("family", "kind"), PLOTTED)
def test_every_part_that_says_so_has_a_plot(client: TestClient, family: str, kind: str) -> None:
    answer = plot(client, family=family, part={"type": kind})
    assert answer.status_code == 200
    found = answer.json()
    assert found["x_name"]["en"]
    assert found["lines"] or found["spikes"]


def test_options_and_place_are_heard(client: TestClient) -> None:
    elu = plot(client, family="layers", part={"type": "elu", "alpha": 3.0}).json()
    assert min(elu["lines"][0]["y"]) == pytest.approx(-3.0, abs=0.05)
    he = {"type": "he", "nonlinearity": "auto"}
    place = {"fan_in": 100, "fan_out": 10, "units": 10, "gain": 2.0}
    spread = plot(client, family="initializers", part=he, place=place).json()
    # N(0, (2/10)²): the density at 0
    assert max(spread["lines"][0]["y"]) == pytest.approx(1.9947, rel=1e-3)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"family": "layers", "part": {"type": "elu", "alpha": -1.0}}, "/part/alpha"),
        ({"family": "layers", "part": {"type": "none"}}, "/part"),
        (
            {"family": "initializers", "part": {"type": "he"}, "place": {"fan_in": 0}},
            "/place/fan_in",
        ),
    ],
)
def test_misfits_are_named(client: TestClient, body: dict[str, Any], pointer: str) -> None:
    answer = plot(client, **body)
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["problems"]] == [pointer]


def test_a_part_without_a_curve_says_so(client: TestClient) -> None:
    answer = plot(client, family="layers", part={"type": "flatten"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_example_is_a_run(client: TestClient) -> None:
    found = client.get("/api/v1/examples/layers/conv1d").json()
    assert found["title"] == {"en": "Conv1d", "zh": "一维卷积"}
    assert "conv1d" in [node["layer"]["type"] for node in found["spec"]["model"]["nodes"]]
    assert client.get("/api/v1/examples/layers/none").status_code == 404
    assert client.get("/api/v1/examples/none/conv1d").status_code == 404

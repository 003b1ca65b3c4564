"""Schedules, clipping, groups and the range test through REST, with a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.viewer import open_tab
from tests.support import LiveServer

CHECK = "/api/v1/models:check"


@pytest.fixture
def run(server: LiveServer) -> Iterator[str]:
    """A small run, resting at step 0."""
    made = server.create(small(server))
    yield str(made["id"])
    server.request("DELETE", f"/api/v1/runs/{made['id']}")


def small(server: LiveServer, **phase: Any) -> dict[str, Any]:
    spec = server.preset("digits8_mlp")
    spec["training"]["phases"][0] |= {"epochs": 500, **phase}
    return spec


def stepped(server: LiveServer, run: str, batches: int) -> dict[str, Any]:
    """Train some batches; the newest metrics."""
    with open_tab(server) as tab:
        tab.follow(run)
        tab.until_state("paused")
        before = server.get(f"/api/v1/runs/{run}").json()["step"]
        server.command(run, "step", unit="batch", count=batches)
        tab.until(lambda: tab.of("state")[-1]["step"] == before + batches)
        return dict(tab.of("metrics")[-1])


def first_layer(server: LiveServer) -> str:
    spec = small(server)
    report = server.post(CHECK, {"model": spec["model"], "training": spec["training"]}).json()
    return str(next(node["id"] for node in report["nodes"] if node["count"]))


def test_the_catalogue_has_the_schedules(server: LiveServer) -> None:
    families = server.get("/api/v1/catalog").json()["families"]
    kinds = {part["type"] for part in families["schedules"]}
    assert {"constant", "step", "exponential", "cosine", "warm_up", "one_cycle", "plateau"} <= kinds
    sgd = next(part for part in families["optimizers"] if part["type"] == "sgd")
    titles = [variant["title"]["en"] for variant in sgd["facts"]["variants"]]
    assert any("momentum" in title for title in titles)
    assert any("Nesterov" in title for title in titles)
    for language, words in (("en", "Cosine"), ("zh", "余弦")):
        page = server.get(f"/{language}/reference/schedules/cosine", accept="text/html")
        assert page.status == 200
        assert words in page.body.decode()


def test_a_check_shows_the_plan(server: LiveServer) -> None:
    spec = small(server, schedule={"type": "cosine"}, epochs=2)
    answer = server.post(CHECK, {"model": spec["model"], "training": spec["training"]}).json()
    rates = answer["rates"]
    assert rates["factors"][0] == 1.0
    assert rates["factors"] == sorted(rates["factors"], reverse=True)
    assert rates["steps"][-1] == rates["total"] - 1
    assert not rates["watches"]


def test_rules_are_changed_during_a_run(server: LiveServer, run: str) -> None:
    layer = first_layer(server)
    server.command(run, "set_schedule", schedule={"type": "step", "every": 1, "unit": "step"})
    server.command(run, "set_clipping", clip_norm=1.0, clip_value=None)
    server.command(run, "set_groups", groups=[{"of": f"{layer}.bias", "learning_rate": 0.0}])
    base = server.get(f"/api/v1/runs/{run}").json()["settings"]["optimizer"]["learning_rate"]
    metrics = stepped(server, run, 3)
    assert metrics["learning_rate"] == pytest.approx(base / 4)
    settings = server.get(f"/api/v1/runs/{run}").json()["settings"]
    assert settings["schedule"]["every"] == 1
    assert (settings["clip_norm"], settings["clip_value"]) == (1.0, None)
    assert settings["groups"][0]["of"] == f"{layer}.bias"
    curves = server.get(f"/api/v1/runs/{run}/metrics").json()
    assert curves["rates"]["learning_rate"][-1] == pytest.approx(base / 4)


def test_misfits_are_named(server: LiveServer, run: str) -> None:
    for command, pointer in (
        ({"type": "set_groups", "groups": [{"of": "nobody"}]}, "/groups/0/of"),
        ({"type": "set_groups", "groups": [{"of": "1x"}]}, "/groups/0/of"),
        ({"type": "set_clipping", "clip_norm": 0.0}, "/clip_norm"),
        ({"type": "set_schedule", "schedule": {"type": "step", "every": 0}}, "every"),
    ):
        answer = server.post(f"/api/v1/runs/{run}/commands", command)
        assert answer.status == 422
        problem = answer.json()["problems"][0]
        assert pointer in problem["pointer"]
        assert problem["message"]["zh"]
    spec = small(server, groups=[{"of": "nobody.weight", "learning_rate": 0.1}])
    answer = server.post("/api/v1/runs", spec)
    assert answer.status == 422
    problem = answer.json()["problems"][0]
    assert (problem["code"], problem["pointer"]) == (
        "unknown_node",
        "/training/phases/0/groups/0/of",
    )
    assert problem["repairs"][0]["patch"] == [
        {"op": "remove", "path": "/training/phases/0/groups/0"}
    ]


def finished(server: LiveServer, address: str) -> dict[str, Any]:
    for _ in range(2000):
        found: dict[str, Any] = server.get(address).json()
        if found["state"] != "running":
            return found
    raise AssertionError("the test did not end")


def test_a_range_test_leaves_the_run_alone(server: LiveServer, run: str) -> None:
    address = f"/api/v1/runs/{run}/range-test"
    assert server.get(address).status == 404
    stepped(server, run, 4)
    before = server.get(f"/api/v1/runs/{run}/tensors").body
    answer = server.post(address, {"batches": 60})
    assert answer.status == 202
    assert answer.headers["location"] == address
    found = finished(server, address)
    assert found["state"] == "finished"
    assert found["step"] == 4
    assert found["verdict"]
    assert (found["suggestion"] is not None) == (found["verdict"] == "suggested")
    assert found["reason"]["en"]
    assert found["reason"]["zh"]
    assert server.get(f"/api/v1/runs/{run}/tensors").body == before
    twin = server.create(small(server))
    stepped(server, twin["id"], 4)
    stepped(server, run, 5)
    stepped(server, twin["id"], 5)
    tensors = [server.get(f"/api/v1/runs/{one}/tensors").body for one in (run, twin["id"])]
    assert tensors[0] == tensors[1]
    server.request("DELETE", f"/api/v1/runs/{twin['id']}")


def test_a_range_test_without_a_suggestion(server: LiveServer, run: str) -> None:
    address = f"/api/v1/runs/{run}/range-test"
    server.post(address, {"low": 1e-9, "high": 1e-7, "batches": 20})
    found = finished(server, address)
    assert found["suggestion"] is None
    assert found["reason"]["en"].startswith("No suggestion")


def test_a_range_test_is_cancelled_and_bounded(server: LiveServer, run: str) -> None:
    address = f"/api/v1/runs/{run}/range-test"
    assert server.request("DELETE", address).status == 404
    server.post(address, {"batches": 500})
    assert server.request("DELETE", address).json()["state"] in ("cancelled", "finished")
    for body in ({"batches": 10**6}, {"low": 1.0, "high": 2.0}, {"low": "x"}):
        answer = server.post(address, body)
        assert answer.status == 422
        assert answer.json()["problems"]

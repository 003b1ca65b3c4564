"""The microscope through REST: in every state of a run, and without a trace of itself in it."""

from __future__ import annotations

from typing import Any

import pytest
from safetensors.torch import load

from tests.support import LiveServer

SPEC: dict[str, Any] = {
    "model": [
        {"type": "conv2d", "filters": 3, "kernel": 3},
        {"type": "tanh"},
        {"type": "max_pool2d"},
        {"type": "flatten"},
        {"type": "dropout", "rate": 0.2},
        {"type": "dense", "units": 10},
    ],
    "training": {
        "dataset": {"type": "digits8"},
        "phases": [{"optimizer": {"type": "adam"}, "batch_size": 32, "epochs": 1}],
    },
    "device": "cpu",
    "seed": 5,
}
WEIGHT = {"node": "conv1", "tensor": "weight", "index": [1, 0, 2, 0]}


@pytest.fixture(scope="module")
def run(server: LiveServer) -> str:
    found = str(server.create(SPEC)["id"])
    server.command(found, "step", unit="batch", count=6)
    return _rested(server, found)


def _rested(server: LiveServer, run: str) -> str:
    while server.get(f"/api/v1/runs/{run}").json()["state"] not in ("paused", "finished"):
        pass
    return run


def explained(server: LiveServer, run: str, **cell: Any) -> dict[str, Any]:
    more = {name: cell.pop(name) for name in ("step", "precision", "form") if name in cell}
    answer = server.post(f"/api/v1/runs/{run}/explain", {"cell": cell, **more})
    assert answer.status == 200, answer.body
    return dict(answer.json())


def traced(server: LiveServer, run: str, **wanted: Any) -> dict[str, Any]:
    answer = server.post(f"/api/v1/runs/{run}/trace", wanted)
    assert answer.status == 200, answer.body
    return load(answer.body)


def test_a_number_is_followed_from_the_loss_to_a_pixel(server: LiveServer, run: str) -> None:
    answer = explained(server, run, role="loss")
    seen = ["loss"]
    for _ in range(40):
        assert abs(answer["difference"]) <= 1e-9 * answer["scale"]
        places = [
            f["place"]
            for term in answer["terms"]
            for f in term["factors"]
            if f["place"] is not None and f["place"]["role"] == "activation"
        ]
        if not places:
            break
        seen.append(places[0]["node"])
        answer = explained(server, run, **places[0])
    assert answer["kind"] == "given"
    assert seen[-1] == "input"
    assert {"dense1", "conv1", "tanh1"} <= set(seen) or {"fc1", "conv1", "tanh1"} <= set(seen)


def test_trace_and_explanation_agree_with_the_run(server: LiveServer, run: str) -> None:
    tensors = traced(server, run)
    now = load(server.get(f"/api/v1/runs/{run}/tensors").body)
    kernel = now["conv1.weight"].double()
    assert tensors["conv1.weight.parameter"].equal(kernel)
    gradient = explained(server, run, role="gradient", **WEIGHT)
    assert gradient["value"] == float(tensors["conv1.weight.gradient"][1, 0, 2, 0])
    assert gradient["rest"]["count"] + len(gradient["terms"]) > 200
    update = explained(server, run, role="update", **WEIGHT)
    assert update["value"] == float(tensors["conv1.weight.update"][1, 0, 2, 0])
    assert abs(update["difference"]) <= 1e-12 * abs(update["value"])
    state = explained(server, run, role="state", state="exp_avg", **WEIGHT)
    assert state["value"] == float(tensors["conv1.weight.exp_avg.state"][1, 0, 2, 0])
    assert state["stored"]
    places = [f["place"] for t in state["terms"] for f in t["factors"] if f["place"]]
    assert {(p["role"], p["step"]) for p in places} == {("state", 5), ("gradient", 5)}


def test_the_explained_update_is_what_the_run_does_next(server: LiveServer) -> None:
    own = str(server.create({**SPEC, "seed": 8})["id"])
    server.command(own, "step", unit="batch", count=2)
    _rested(server, own)
    coming = explained(server, own, role="update", precision="float32", **WEIGHT)
    tensors = traced(server, own, precision="float32", roles=["update", "activation"])
    server.command(own, "step", unit="batch", count=1)
    _rested(server, own)
    now = load(server.get(f"/api/v1/runs/{own}/tensors").body)
    assert float(now["conv1.weight"][1, 0, 2, 0]) == coming["value"]
    for name in ("conv1.weight", "conv1.bias"):
        assert now[name].equal(tensors[f"{name}.update"])
    past = traced(server, own, step=2, precision="float32", roles=["activation"])
    assert all(past[name].equal(tensors[name]) for name in past)


def test_the_sum_form_is_the_mean_times_the_batch(server: LiveServer, run: str) -> None:
    cell = {"role": "sensitivity", "node": "conv1", "sample": 3, "index": [0, 2, 2]}
    mean = explained(server, run, **cell)
    whole = explained(server, run, form="sum", **cell)
    assert whole["value"] == pytest.approx(mean["value"] * 32, rel=1e-12)
    assert whole["form"] == "sum"


def test_operations_are_listed_in_order_in_both_languages(server: LiveServer, run: str) -> None:
    found = server.post(f"/api/v1/runs/{run}/operations", {}).json()
    phases = [one["phase"] for one in found["operations"]]
    order = ["forward", "loss", "backward", "update"]
    assert phases == sorted(phases, key=order.index)
    assert phases.count("forward") == 6
    assert phases.count("update") == 4
    assert [one["number"] for one in found["operations"]] == list(range(len(phases)))
    assert all(one["caption"]["en"] and one["caption"]["zh"] for one in found["operations"])
    assert found["operations"][0]["inside"] == ["convolution"]
    assert len(found["batch"]) == found["samples"] == 32


def test_gradients_are_checked(server: LiveServer, run: str) -> None:
    answer = server.post(f"/api/v1/runs/{run}/gradcheck", {"entries": 10}).json()
    assert answer["passed"]
    assert answer["complete"]
    assert {f"{t['node']}.{t['tensor']}" for t in answer["tensors"]} >= {"conv1.weight"}
    one = server.post(f"/api/v1/runs/{run}/gradcheck", {"node": "conv1", "entries": 3}).json()
    assert [t["tensor"] for t in one["tensors"]] == ["weight", "bias"]


def test_looking_changes_nothing_of_the_run(server: LiveServer) -> None:
    twins = [str(server.create({**SPEC, "seed": 9})["id"]) for _ in range(2)]
    for twin in twins:
        server.command(twin, "step", unit="batch", count=3)
        _rested(server, twin)
    before = server.get(f"/api/v1/runs/{twins[0]}").json()
    explained(server, twins[0], role="gradient", **WEIGHT)
    explained(server, twins[0], role="update", step=1, **WEIGHT)
    server.post(f"/api/v1/runs/{twins[0]}/gradcheck", {"entries": 3})
    assert server.get(f"/api/v1/runs/{twins[0]}").json() == before
    for twin in twins:
        server.command(twin, "play")
    during = server.post(f"/api/v1/runs/{twins[0]}/explain", {"cell": {"role": "loss"}})
    assert during.status == 200
    ends = [load(server.get(f"/api/v1/runs/{_rested(server, t)}/tensors").body) for t in twins]
    assert ends[0].keys() == ends[1].keys()
    assert all(value.equal(ends[1][name]) for name, value in ends[0].items())
    assert explained(server, twins[0], role="loss")["kind"] == "linear"


@pytest.mark.parametrize(
    ("path", "body", "code", "pointer"),
    [
        ("explain", {"cell": {"role": "activation", "node": "nope"}}, "no_such_cell", "/cell/node"),
        (
            "explain",
            {"cell": {"role": "activation", "node": "conv1", "sample": 99, "index": [0, 0, 0]}},
            "no_such_cell",
            "/cell/sample",
        ),
        (
            "explain",
            {"cell": {"role": "gradient", "node": "tanh1", "tensor": "weight", "index": [0]}},
            "no_such_cell",
            "/cell/tensor",
        ),
        (
            "explain",
            {"cell": {"role": "activation", "node": "conv1", "sample": 0, "index": [0, 0]}},
            "no_such_cell",
            "/cell/index",
        ),
        (
            "explain",
            {"cell": {"role": "gradient", **WEIGHT, "sample": 0}},
            "cell_misfit",
            "/cell/sample",
        ),
        ("explain", {"cell": {"role": "smell"}}, "invalid", "/cell/role"),
        ("explain", {"cell": {"role": "loss"}, "extra": 1}, "invalid", "/extra"),
        ("trace", {"step": 1000}, "not_reached", "/step"),
        (
            "trace",
            {"samples": [{"kind": "stored", "index": 999_999}]},
            "sample_misfit",
            "/samples/0",
        ),
        ("trace", {"samples": [{"kind": "given", "values": [0.0]}]}, "sample_misfit", "/samples/0"),
        ("gradcheck", {"node": "nope"}, "no_such_cell", "/node"),
    ],
)
def test_refusals_name_the_place_in_both_languages(
    server: LiveServer, run: str, path: str, body: dict[str, Any], code: str, pointer: str
) -> None:
    answer = server.post(f"/api/v1/runs/{run}/{path}", body)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (422, code)
    assert problem["problems"][0]["pointer"] == pointer
    assert problem["message"]["en"]
    assert problem["message"]["zh"]


def test_given_samples_take_the_place_of_the_batch(server: LiveServer, run: str) -> None:
    stored = traced(
        server,
        run,
        samples=[{"kind": "stored", "split": "train", "index": 4}],
        roles=["activation"],
    )
    assert stored["input.activation"].shape[0] == 1
    values = stored["input.activation"].reshape(-1).tolist()
    drawn = {"kind": "given", "values": values, "label": 3}
    again = traced(server, run, samples=[drawn], roles=["activation"])
    assert again["conv1.activation"].equal(stored["conv1.activation"])

"""What is offered for the faults that people make, in the words they read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import Problem
from app.spec.check import check
from app.spec.report import Report
from tests.spec.patching import apply
from tests.spec.test_random_graphs import parsed

TRAINING = {"dataset": {"type": "digits28"}}
CONV = {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1}


def network(*wires: tuple[str, dict[str, Any], list[str]], output: str = "") -> dict[str, Any]:
    nodes = [{"id": name, "layer": layer, "inputs": inputs} for name, layer, inputs in wires]
    last = output or (nodes[-1]["id"] if nodes else "input")
    return {"model": {"nodes": nodes, "outputs": [last]}, "training": TRAINING}


def looked_at(body: dict[str, Any]) -> Report:
    return check(*parsed(body))


def problem(report: Report, code: str, node: str | None = None) -> Problem:
    return next(p for p in report.problems if (p.code, p.node) == (code, node))


def offered(body: dict[str, Any], code: str, node: str | None = None) -> list[str]:
    return [repair.text.en for repair in problem(looked_at(body), code, node).repairs]


def mended(body: dict[str, Any], code: str, node: str | None, words: str) -> Report:
    """After the click on the repair with these words."""
    repairs = problem(looked_at(body), code, node).repairs
    patch = next(repair.patch for repair in repairs if repair.text.en == words)
    return looked_at(apply(body, patch))


HEAD: list[tuple[str, dict[str, Any], list[str]]] = [
    ("flat1", {"type": "flatten"}, ["conv9"]),
    ("out", {"type": "dense", "units": 10}, ["flat1"]),
]


@pytest.mark.parametrize("pool", ["global_mean_pool", "pyramid_pool"])
def test_a_pool_that_makes_a_vector_is_taken_out_not_the_convolution(pool: str) -> None:
    body = network(
        ("conv1", CONV, ["input"]),
        ("pool1", {"type": pool}, ["conv1"]),
        ("conv9", CONV, ["pool1"]),
        *HEAD,
    )
    assert offered(body, "shape_mismatch", "conv9")[0] == "Remove pool1"
    report = mended(body, "shape_mismatch", "conv9", "Remove pool1")
    assert report.ok
    assert report.node("conv9").shape == (4, 28, 28)


def test_a_vector_is_laid_out_as_the_picture_it_was() -> None:
    body = network(
        ("flat0", {"type": "flatten"}, ["input"]),
        ("fc0", {"type": "dense", "units": 784}, ["flat0"]),
        ("conv9", CONV, ["fc0"]),
        *HEAD,
    )
    report = mended(body, "shape_mismatch", "conv9", "Reshape to 1×28×28 before it")
    assert report.ok
    assert report.node("conv9").shape == (4, 28, 28)


def join(first: dict[str, Any], second: dict[str, Any], kind: str = "add") -> dict[str, Any]:
    return network(
        ("a", first, ["input"]),
        ("b", second, ["input"]),
        ("conv9", {"type": kind}, ["a", "b"]),
        *HEAD,
    )


def test_branches_with_other_channels_are_added_after_a_convolution_of_one_cell() -> None:
    body = join(CONV, {**CONV, "filters": 6})
    words = "1×1 convolution to 4 maps on b"
    assert words in offered(body, "shape_mismatch", "conv9")
    report = mended(body, "shape_mismatch", "conv9", words)
    assert report.ok
    assert report.node("conv9").shape == (4, 28, 28)
    assert report.node("conv1").count == 6 * 4 + 4
    joined = mended(body, "shape_mismatch", "conv9", "Combine with Concatenate")
    assert joined.node("conv9").shape == (10, 28, 28)


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ({**CONV, "stride": 2}, "add"),
        ({**CONV, "padding": 0}, "add"),
        ({**CONV, "padding": 3, "filters": 5}, "concatenate"),
        ({"type": "flatten"}, "add"),
        ({"type": "max_pool2d"}, "concatenate"),
    ],
)
def test_branches_of_other_sizes_are_brought_together(second: dict[str, Any], kind: str) -> None:
    body = join(CONV, second, kind)
    repairs = problem(looked_at(body), "shape_mismatch", "conv9").repairs
    assert repairs
    assert looked_at(apply(body, repairs[0].patch)).ok


def test_a_join_of_one_wire_is_completed_or_taken_out() -> None:
    body = network(("conv1", CONV, ["input"]), ("conv9", {"type": "add"}, ["conv1"]), *HEAD)
    assert "Remove conv9" in offered(body, "arity", "conv9")
    assert mended(body, "arity", "conv9", "Remove conv9").ok


def test_two_wires_into_a_layer_that_takes_one_are_joined_before_it() -> None:
    body = network(
        ("a", CONV, ["input"]), ("b", CONV, ["input"]), ("conv9", CONV, ["a", "b"]), *HEAD
    )
    assert {"Combine them with Add", "Combine them with Concatenate"} <= set(
        offered(body, "arity", "conv9")
    )
    report = mended(body, "arity", "conv9", "Combine them with Concatenate")
    assert report.ok
    assert report.node("cat1").shape == (8, 28, 28)


def test_a_part_that_is_not_wired_yet_says_so() -> None:
    body = network(("conv9", CONV, ["input"]), ("loose", CONV, []), *HEAD)
    report = looked_at(body)
    assert "reads from no layer yet" in problem(report, "arity", "loose").message.en
    report = mended(body, "arity", "loose", "Read from conv9")
    assert report.ok
    assert problem(report, "dangling", "loose").repairs
    wired = json.loads(json.dumps(body))
    wired["model"]["nodes"][1]["inputs"] = ["conv9"]
    assert offered(wired, "dangling", "loose")[0] == "Put it between conv9 and flat1"
    after = mended(wired, "dangling", "loose", "Put it between conv9 and flat1")
    assert not after.problems


def test_a_loop_is_cut_where_it_closes() -> None:
    add = {"type": "add"}
    body = network(
        ("conv1", CONV, ["add1"]),
        ("add1", add, ["input", "conv1"]),
        ("conv9", CONV, ["add1"]),
        *HEAD,
    )
    report = looked_at(body)
    assert {p.node for p in report.problems if p.code == "cycle"} == {"conv1", "add1"}
    assert (
        looked_at(apply(body, problem(report, "cycle", "conv1").repairs[0].patch))
        .node("conv1")
        .shape
    )


def test_an_empty_network_starts_with_what_the_data_need() -> None:
    body = network()
    report = mended(body, "empty", None, "Start with a dense layer of 10")
    assert report.ok
    assert report.totals.parameters == 7850


def test_a_closed_convolution_of_the_wrong_loss_and_data_is_named() -> None:
    body = network(("conv9", CONV, ["input"]), *HEAD)
    body["training"] = {"dataset": {"type": "points_plane"}, "phases": [{"type": "supervised"}]}
    report = looked_at(body)
    assert {p.code for p in report.problems} >= {"loss_task", "shape_mismatch"}
    repairs = problem(report, "loss_task").repairs
    assert repairs[0].text.en == "Use Squared error"


def test_the_largest_batch_of_a_device_follows_from_the_figures() -> None:
    report = looked_at(network(("conv9", CONV, ["input"]), *HEAD))
    totals, batch = report.totals, 64
    values = 784 + 4 * 784 + 4 * 784 + 10
    parameters = 4 * 9 + 4 + 10 * (4 * 784) + 10
    assert totals.sample_bytes == 2 * 4 * values
    assert totals.fixed_bytes == 4 * parameters * 3  # weights, gradients, the momentum of SGD
    assert totals.memory_bytes == totals.fixed_bytes + batch * totals.sample_bytes


def test_a_table_of_connections_is_mended_and_not_only_given_up() -> None:
    table: list[list[int]] = [[0], [], [0, 3]]
    body = network(
        ("conv1", {"type": "conv2d", "filters": 3, "kernel": 3, "table": table}, ["input"]),
        ("flat1", {"type": "flatten"}, ["conv1"]),
        ("fc1", {"type": "dense", "units": 10}, ["flat1"]),
    )
    assert offered(body, "shape_mismatch", "conv1")[0] == "Keep the connections that fit"

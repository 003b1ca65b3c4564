"""Warnings of what cannot learn as it is meant: said before the first step, with repairs that work."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from app.core.errors import Problem
from app.spec.check import check
from app.spec.doubts import WARNINGS
from app.spec.presets import Preset, presets
from app.spec.run import RunSpec
from tests.engine.specs import run_spec, trainer_of
from tests.spec.patching import apply

DENSE: list[dict[str, Any]] = [{"type": "flatten"}, {"type": "dense", "units": 10}]
REGRESSION = {"dataset": {"type": "diabetes"}, "loss": {"type": "squared_error"}}
ONE: list[dict[str, Any]] = [{"type": "dense", "units": 1}]
POINTS = {"dataset": {"type": "points_circle"}}
WAVES = {"dataset": {"type": "waves", "samples": 100}, "loss": {"type": "squared_error"}}


def doubts(spec: RunSpec) -> list[Problem]:
    found = check(spec.model, spec.training)
    assert found.ok
    return [problem for problem in found.problems if problem.code in WARNINGS]


def warned(spec: RunSpec, code: str, node: str) -> Problem:
    """The one warning, at that node; every repair that is offered takes it away and breaks nothing."""
    (problem,) = doubts(spec)
    assert (problem.code, problem.node, problem.severity) == (code, node, "warning")
    assert node in problem.message.en
    assert node in problem.message.zh
    assert problem.repairs
    for repair in problem.repairs:
        assert doubts(repaired(spec, repair.patch)) == [], repair.text.en
    return problem


def repaired(spec: RunSpec, patch: tuple[dict[str, Any], ...]) -> RunSpec:
    document = json.loads(spec.model_dump_json())
    return RunSpec.model_validate_json(json.dumps(apply(document, patch)))


BCE = {"loss": {"type": "binary_cross_entropy"}}
HINGE = {"loss": {"type": "hinge"}}
SQUARED = {"loss": {"type": "squared_error"}}
CONFINED: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "softmax before cross-entropy": ([*DENSE, {"type": "softmax"}], {}, "softmax1"),
    "sigmoid before cross-entropy": ([*DENSE, {"type": "sigmoid"}], {}, "sigm1"),
    "tanh before cross-entropy": ([*DENSE, {"type": "tanh"}], {}, "tanh1"),
    "relu as scores": ([*DENSE, {"type": "relu"}], {}, "relu1"),
    "through dropout": ([*DENSE, {"type": "softmax"}, {"type": "dropout"}], {}, "softmax1"),
    "through dropout and noise": (
        [*DENSE, {"type": "relu"}, {"type": "gaussian_noise"}, {"type": "identity"}],
        {},
        "relu1",
    ),
    "squashed twice before": ([*DENSE, {"type": "sigmoid"}, {"type": "relu"}], {}, "sigm1"),
    "sigmoid before bce": ([*DENSE, {"type": "sigmoid"}], BCE, "sigm1"),
    "softplus before bce": ([*DENSE, {"type": "softplus"}], BCE, "softplus1"),
    "softmax before hinge": ([*DENSE, {"type": "softmax"}], HINGE, "softmax1"),
    "one softmax": ([*ONE, {"type": "softmax"}], {**POINTS, **SQUARED}, "softmax1"),
    "sigmoid for ±1": ([*ONE, {"type": "sigmoid"}], {**POINTS, **SQUARED}, "sigm1"),
    "relu for ±1": ([*ONE, {"type": "relu"}], {**POINTS, "loss": {"type": "huber"}}, "relu1"),
    "sigmoid for a standardised target": ([*ONE, {"type": "sigmoid"}], REGRESSION, "sigm1"),
    "tanh for a standardised target": ([*ONE, {"type": "tanh"}], REGRESSION, "tanh1"),
    "relu for a standardised target": ([*ONE, {"type": "relu"}], REGRESSION, "relu1"),
    "softplus for a standardised target": ([*ONE, {"type": "softplus"}], REGRESSION, "softplus1"),
    "relu for a wave": (
        [{"type": "flatten"}, *ONE, {"type": "relu"}],
        WAVES,
        "relu1",
    ),
    "an LSTM's own output": (
        [{"type": "rows"}, {"type": "lstm", "units": 10}, {"type": "last_step"}],
        {},
        "lstm1",
    ),
    "pictures from tanh and relu": (
        [
            {"type": "flatten"},
            {"type": "dense", "units": 64},
            {"type": "tanh"},
            {"type": "sigmoid"},
            {"type": "reshape", "channels": 1, "height": 8, "width": 8},
        ],
        {**SQUARED, "target": "input"},
        "sigm1",
    ),
    "at every step": (
        [
            {"type": "embedding", "size": 4},
            {"type": "dense_steps", "units": 12},
            {"type": "softmax"},
        ],
        {"dataset": {"type": "part_of_speech", "sentences": 300, "longest": 9, "words": 200}},
        "softmax1",
    ),
}


def ids_of(name: str) -> str:
    return name.replace(" ", "_")


@pytest.mark.parametrize("name", CONFINED, ids=ids_of)
def test_an_output_that_cannot_be_what_is_asked(name: str) -> None:
    layers, changes, node = CONFINED[name]
    warned(run_spec(layers, **changes), "output_confined", node)


FREE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "scores": (DENSE, {}),
    "leaky scores": ([*DENSE, {"type": "leaky_relu"}], {}),
    "elu before cross-entropy": ([*DENSE, {"type": "elu"}], {}),
    "softmax and batch norm": ([*DENSE, {"type": "softmax"}, {"type": "batch_norm"}], {}),
    "softmax for one-hot targets": ([*DENSE, {"type": "softmax"}], SQUARED),
    "sigmoid for one-hot targets": ([*DENSE, {"type": "sigmoid"}], SQUARED),
    "tanh for ±1": ([*ONE, {"type": "tanh"}], {**POINTS, **SQUARED}),
    "tanh for a wave": ([{"type": "flatten"}, *ONE, {"type": "tanh"}], WAVES),
    "tanh before hinge": ([*DENSE, {"type": "tanh"}], HINGE),
    "a slope that learns": ([*ONE, {"type": "prelu", "start": 0.0}], REGRESSION),
    "relu for sunspots": (
        [{"type": "flatten"}, *ONE, {"type": "relu"}],
        {**SQUARED, "dataset": {"type": "sunspots"}},
    ),
}


@pytest.mark.parametrize("name", FREE, ids=ids_of)
def test_an_output_that_can_is_left_alone(name: str) -> None:
    layers, changes = FREE[name]
    assert doubts(run_spec(layers, **changes)) == []


def test_one_branch_of_a_join_is_named() -> None:
    nodes = [
        {"id": "f", "layer": {"type": "flatten"}, "inputs": ["input"]},
        {"id": "a", "layer": {"type": "dense", "units": 4}, "inputs": ["f"]},
        {"id": "b", "layer": {"type": "dense", "units": 6}, "inputs": ["f"]},
        {"id": "squashed", "layer": {"type": "sigmoid"}, "inputs": ["b"]},
        {"id": "c", "layer": {"type": "concatenate"}, "inputs": ["a", "squashed"]},
        {"id": "out", "layer": {"type": "dropout"}, "inputs": ["c"]},
    ]
    model: Any = {"version": 1, "nodes": nodes, "outputs": ["out"]}
    warned(run_spec(model), "output_confined", "squashed")
    added: Any = json.loads(json.dumps(model))
    added["nodes"][1]["layer"]["units"] = 10
    added["nodes"][2]["layer"]["units"] = 10
    added["nodes"][4]["layer"] = {"type": "add"}
    assert doubts(run_spec(added)) == []


def test_the_floor_that_a_second_softmax_sets_is_real() -> None:
    """Shares of ten classes leave the cross-entropy at ln(1 + 9/e) or above, whatever the weights."""
    trainer = trainer_of(run_spec([*DENSE, {"type": "softmax"}], optimizer={"type": "adam"}))
    for _ in range(30):
        trainer.step()
    floor = float(torch.tensor(1.0 + 9.0 / torch.e).log())
    assert trainer.evaluate()[0] > floor


# --- one value a channel --------------------------------------------------------------------------

NORMED: list[dict[str, Any]] = [
    {"type": "flatten"},
    {"type": "dense", "units": 8},
    {"type": "batch_norm"},
    {"type": "dense", "units": 10},
]
MAPS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 6, "kernel": 8},
    {"type": "batch_norm"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]
TRAINED = 1437
"""Training samples of the 8×8 digits: 4×359 + 1, 16×89 + 13."""


@pytest.mark.parametrize("layers", [NORMED, MAPS], ids=["vector", "maps of one cell"])
@pytest.mark.parametrize("batch", [1, 2, 4, 359, 1436])
def test_batch_norm_with_one_value_a_channel(layers: list[dict[str, Any]], batch: int) -> None:
    spec = run_spec(layers, batch_size=batch)
    assert spec.training.dataset.sizes[0] == TRAINED
    problem = warned(spec, "one_value", "bn1")
    assert str(TRAINED if batch > 1 else 1) in problem.message.en
    offered = [one.text.en for one in problem.repairs]
    assert any("batches of" in one for one in offered)
    assert any("Group norm" in one for one in offered)


@pytest.mark.parametrize("batch", [3, 16, 1437, 4096])
def test_batch_norm_with_a_spread_is_left_alone(batch: int) -> None:
    assert doubts(run_spec(NORMED, batch_size=batch)) == []
    assert doubts(run_spec([{"type": "batch_norm"}, *DENSE], batch_size=1)) == []


def test_the_step_that_is_warned_of_moves_no_running_statistics() -> None:
    trainer = trainer_of(run_spec(NORMED, batch_size=1))
    trainer.step()
    assert not trainer.network.get_buffer("bn1.running_mean").any()
    trainer = trainer_of(run_spec(NORMED, batch_size=2))
    trainer.step()
    assert trainer.network.get_buffer("bn1.running_mean").any()


def test_a_layer_norm_of_one_value_gives_its_bias() -> None:
    layers = [*ONE, {"type": "layer_norm"}]
    warned(run_spec(layers, **REGRESSION), "one_value", "ln1")


# --- equal starts, and the way back ---------------------------------------------------------------


def hidden(init: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "flatten"},
        {"type": "dense", "units": 8, "init": init},
        {"type": "relu"},
        {"type": "dense", "units": 10},
    ]


@pytest.mark.parametrize(
    "init",
    [
        {"type": "zeros"},
        {"type": "constant", "value": 0.2},
        {"type": "normal", "std": 0.0},
        {"type": "uniform", "bound": 0.0},
    ],
    ids=lambda one: str(one["type"]),
)
def test_a_hidden_layer_that_starts_equal(init: dict[str, Any]) -> None:
    warned(run_spec(hidden(init)), "equal_start", "fc1")
    maps = [{"type": "conv2d", "filters": 3, "kernel": 3, "init": init}, *DENSE]
    warned(run_spec(maps), "equal_start", "conv1")


def test_other_equal_starts_are_left_alone() -> None:
    """An output layer may start at 0; one map for each map, or one unit, has no copy."""
    zeros = {"type": "zeros"}
    last = [*hidden({"type": "he"})[:3], {"type": "dense", "units": 10, "init": zeros}]
    assert doubts(run_spec(last)) == []
    constant = {"type": "constant"}
    each = [{"type": "depthwise_conv2d", "kernel": 3, "init": constant}, *DENSE]
    assert doubts(run_spec(each)) == []
    assert doubts(run_spec(hidden({"type": "identity"}))) == []


BOTH: dict[str, Any] = {"type": "lstm", "units": 5, "bidirectional": True}


@pytest.mark.parametrize(
    "between",
    [
        [],
        [{"type": "dropout"}],
        [{"type": "tanh"}, {"type": "dense_steps", "units": 4}],
        [{"type": "batch_norm"}, {"type": "prelu"}, {"type": "channel_dropout"}],
    ],
    ids=["at once", "dropout", "dense steps", "norm"],
)
def test_the_last_step_of_what_reads_both_ways(between: list[dict[str, Any]]) -> None:
    layers = [{"type": "rows"}, BOTH, *between, {"type": "last_step"}, DENSE[1]]
    warned(run_spec(layers), "backward_once", "last1")


@pytest.mark.parametrize(
    "between",
    [[{"type": "gru", "units": 4}], [{"type": "conv1d", "filters": 4}]],
    ids=["walks on", "slides"],
)
def test_a_way_back_that_is_read_on_is_left_alone(between: list[dict[str, Any]]) -> None:
    layers = [{"type": "rows"}, BOTH, *between, {"type": "last_step"}, DENSE[1]]
    assert doubts(run_spec(layers)) == []


# --- what a dense layer behind a sequence is offered ----------------------------------------------


def first_repairs(layers: list[dict[str, Any]], **changes: Any) -> list[str]:
    spec = run_spec(layers, **changes)
    found = [p for p in check(spec.model, spec.training).problems if p.code == "shape_mismatch"]
    return [repair.text.en for repair in found[0].repairs]


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "jordan", "banded_rnn"])
def test_the_last_step_is_offered_first(kind: str) -> None:
    offered = first_repairs([{"type": "rows"}, {"type": kind, "units": 5}, DENSE[1]])
    assert offered[0] == "Insert Last step before it"
    assert "Insert Flatten before it" in offered[1:]
    through: list[dict[str, Any]] = [
        {"type": "rows"},
        {"type": kind, "units": 5},
        {"type": "dropout"},
        DENSE[1],
    ]
    assert first_repairs(through)[0] == "Insert Last step before it"


def test_all_steps_are_offered_where_both_ways_are_read() -> None:
    offered = first_repairs([{"type": "rows"}, BOTH, DENSE[1]])
    assert offered[0] == "Insert Mean over time before it"
    assert "Insert Last step before it" not in offered


def test_an_answer_at_every_step_is_offered_where_it_is_asked() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "size": 4},
        {"type": "gru", "units": 5},
    ]
    dataset = {"type": "part_of_speech", "sentences": 300, "longest": 9, "words": 200}
    dense: dict[str, Any] = {"type": "dense", "units": 12}
    assert first_repairs([*layers, dense], dataset=dataset)[0] == "Answer at every step"


# --- presets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", presets(), ids=lambda one: str(one.id))
def test_no_preset_is_doubted(preset: Preset) -> None:
    assert doubts(preset.spec) == []

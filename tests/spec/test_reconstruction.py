"""A network that learns its own input: which outputs and losses fit, and repairs that make them fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.catalog.losses import LOSSES
from app.core.errors import Problem
from app.spec.check import check
from app.spec.model import ModelSpec, parse_model
from app.spec.training import TrainingSpec
from tests.spec.patching import apply

DIGITS = {"type": "digits28"}
POINTS = {"type": "points_circle"}
Layers = list[dict[str, Any]]


def training(
    dataset: dict[str, Any] = DIGITS, loss: str = "squared_error", target: str = "input"
) -> TrainingSpec:
    phase = {"target": target, "loss": {"type": loss}}
    return TrainingSpec.model_validate_json(json.dumps({"dataset": dataset, "phases": [phase]}))


def found(layers: Layers, spec: TrainingSpec) -> tuple[ModelSpec, tuple[Problem, ...]]:
    model = parse_model(json.dumps(layers))
    return model, check(model, spec).problems


def repaired(model: ModelSpec, spec: TrainingSpec, problem: Problem, which: int) -> Any:
    """(layer types, problems, target) after a repair of the problem."""
    document = {
        "model": json.loads(model.model_dump_json()),
        "training": json.loads(spec.model_dump_json()),
    }
    after = apply(document, problem.repairs[which].patch)
    fixed = parse_model(json.dumps(after["model"]))
    learns = TrainingSpec.model_validate_json(json.dumps(after["training"]), strict=True)
    kinds = [node.layer.kind() for node in fixed.nodes]
    return kinds, check(fixed, learns).problems, learns.phase.target


FITTING: list[tuple[dict[str, Any], Layers]] = [
    (
        DIGITS,
        [
            {"type": "flatten"},
            {"type": "dense", "units": 8},
            {"type": "dense", "units": 784},
            {"type": "reshape", "channels": 1, "height": 28, "width": 28},
        ],
    ),
    (
        DIGITS,
        [
            {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
            {"type": "max_pool2d"},
            {"type": "upsample"},
            {"type": "conv2d", "filters": 1, "kernel": 3, "padding": 1},
        ],
    ),
    (POINTS, [{"type": "dense", "units": 1}, {"type": "dense", "units": 2}]),
]


@pytest.mark.parametrize(("dataset", "layers"), FITTING, ids=["dense", "conv", "points"])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_output_of_the_inputs_shape_fits(
    dataset: dict[str, Any], layers: Layers, loss: str
) -> None:
    assert found(layers, training(dataset, loss))[1] == ()


def test_every_loss_is_taken_or_refused_with_repairs() -> None:
    dataset, layers = FITTING[0]
    for kind, loss in LOSSES.parts.items():
        spec = training(dataset, kind)
        model, problems = found(layers, spec)
        if "reconstruction" in loss.TASKS:
            assert problems == ()
            continue
        (problem,) = problems
        assert (problem.code, problem.pointer) == ("loss_task", "/training/phases/0/loss")
        assert repaired(model, spec, problem, 0)[1:] == ((), "input")
        assert repaired(model, spec, problem, 1)[2] == "label"


def test_yes_or_no_is_asked_of_pictures_only() -> None:
    layers, dataset = FITTING[2][1], FITTING[2][0]
    spec = training(dataset, "binary_cross_entropy")
    model, (problem,) = found(layers, spec)
    assert problem.code == "loss_task"
    assert repaired(model, spec, problem, 0)[1:] == ((), "input")


FLAT: Layers = [{"type": "flatten"}]
MISFITS: list[tuple[str, dict[str, Any], Layers, list[str]]] = [
    (
        "wrong number of units, no reshape",
        DIGITS,
        [*FLAT, {"type": "dense", "units": 10}, {"type": "sigmoid"}],
        ["flatten", "dense", "sigmoid", "reshape"],
    ),
    (
        "right number, no reshape",
        DIGITS,
        [*FLAT, {"type": "dense", "units": 784}],
        ["flatten", "dense", "reshape"],
    ),
    ("no dense layer", DIGITS, FLAT, ["flatten", "reshape"]),
    (
        "smaller picture of other maps",
        DIGITS,
        [{"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1}, {"type": "max_pool2d"}],
        ["conv2d", "max_pool2d", "upsample", "conv2d"],
    ),
    (
        "other maps",
        DIGITS,
        [{"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1}],
        ["conv2d", "conv2d"],
    ),
    (
        "a picture that no factor enlarges to the right one",
        DIGITS,
        [{"type": "conv2d", "filters": 1, "kernel": 5}],
        ["conv2d", "flatten", "dense", "reshape"],
    ),
    ("wrong width", POINTS, [{"type": "dense", "units": 3}], ["dense"]),
    (
        "a picture for a vector",
        POINTS,
        [
            {"type": "dense", "units": 4},
            {"type": "reshape", "channels": 1, "height": 2, "width": 2},
        ],
        ["dense", "reshape", "flatten", "dense"],
    ),
]


@pytest.mark.parametrize(
    ("dataset", "layers", "after"), [m[1:] for m in MISFITS], ids=[m[0] for m in MISFITS]
)
def test_an_output_of_another_shape_is_repaired_at_once(
    dataset: dict[str, Any], layers: Layers, after: list[str]
) -> None:
    spec = training(dataset)
    model, (problem,) = found(layers, spec)
    assert problem.code == "output_shape"
    assert problem.node == model.outputs[0]
    assert problem.params["expected"] == list(spec.dataset.input_shape)
    kinds, problems, target = repaired(model, spec, problem, 0)
    assert (kinds, problems, target) == (after, (), "input")
    last = len(problem.repairs) - 1
    assert repaired(model, spec, problem, last)[2] == "label"


def test_the_target_is_part_of_what_a_run_is() -> None:
    assert not training(target="label").phase.reconstructs
    assert training().phase.reconstructs
    with pytest.raises(ValueError, match="'label' or 'input'"):
        training(target="output")

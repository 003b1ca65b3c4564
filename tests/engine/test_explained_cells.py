"""Thousands of cells of every layer, every recurrent kind and every rule, drawn at random: all sum, all
lead where they say, none is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.catalog.layers import LAYERS
from app.catalog.losses import LOSSES
from app.catalog.optimizers import OPTIMIZERS
from app.spec.examples import example
from app.spec.run import RunSpec
from tests.engine.explained import Walk
from tests.engine.specs import Driven

CELLS = 20_000
"""Of all networks together, in the deep test."""
STEPS = 3
Json = dict[str, Any]

RULES: tuple[Json, ...] = (
    {"type": "sgd", "learning_rate": 0.05},
    {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"type": "adam", "learning_rate": 0.01, "weight_decay": 0.01},
    {"type": "adamw", "learning_rate": 0.01},
    {"type": "rmsprop", "weight_decay": 0.01},
    {"type": "adagrad"},
)
HEADS = ("last_step", "max_over_time", "mean_over_time")
KINDS: tuple[Json, ...] = (
    {"type": "rnn", "units": 3},
    {"type": "rnn", "units": 3, "activation": "relu"},
    {"type": "rnn", "units": 3, "activation": "sigmoid"},
    {"type": "lstm", "units": 3},
    {"type": "gru", "units": 3},
    {"type": "jordan", "units": 3, "outputs": 2},
    {"type": "banded_rnn", "units": 4},
)
CLASSES = {"names": 3, "sentiment": 2, "digits8": 10, "part_of_speech": 12}


def spec(model: list[Json], dataset: str, **phase: Any) -> RunSpec:
    found = {
        "model": model,
        "training": {"dataset": {"type": dataset}, "phases": [{"batch_size": 3, **phase}]},
        "device": "cpu",
        "seed": 1,
    }
    return RunSpec.model_validate_json(json.dumps(found))


def recurrent() -> Iterator[tuple[str, RunSpec]]:
    """Texts that end early, and the rows of a picture; one layer and a stack; read both ways."""
    number = 0
    for kind in KINDS:
        both = "bidirectional" in LAYERS.parts[kind["type"]].model_fields
        for dataset, classes in CLASSES.items():
            for changes in ({}, *([{"bidirectional": True, "layers": 2, "dropout": 0.2}] * both)):
                layer = {**kind, **changes}
                first = "rows" if dataset == "digits8" else "embedding"
                size = {} if first == "rows" else {"size": 3}
                head = HEADS[number % len(HEADS)]
                tail: list[Json] = [{"type": head}, {"type": "dense", "units": classes}]
                if dataset == "part_of_speech":
                    tail = [{"type": "dense_steps", "units": classes}]
                rule = RULES[number % len(RULES)]
                number += 1
                name = "-".join(map(str, (*kind.values(), dataset, *changes)))
                yield name, spec([{"type": first, **size}, layer, *tail], dataset, optimizer=rule)


def layers() -> Iterator[tuple[str, RunSpec]]:
    """Every layer of the catalogue, in the network of its reference page."""
    for number, (kind, part) in enumerate(sorted(LAYERS.parts.items())):
        found = example(part)
        assert found is not None
        changed = json.loads(found.spec.model_dump_json())
        changed["training"]["phases"][0] |= {
            "batch_size": 3,
            "optimizer": RULES[number % len(RULES)],
        }
        yield kind, RunSpec.model_validate_json(json.dumps(changed))


def rules() -> Iterator[tuple[str, RunSpec]]:
    model: list[Json] = [
        {"type": "conv2d", "filters": 2, "kernel": 3},
        {"type": "batch_norm"},
        {"type": "tanh"},
        {"type": "flatten"},
        {"type": "dense", "units": 10},
    ]
    for number, rule in enumerate(RULES):
        yield f"{rule['type']}-{number}", spec(model, "digits8", optimizer=rule, clip_norm=0.5)
    for kind, part in sorted(LOSSES.parts.items()):
        found = example(part)
        if found is not None:
            yield kind, found.spec


NETWORKS = dict([*layers(), *recurrent(), *rules()])
SMALL = (
    "gru-3-names-bidirectional-layers-dropout",
    "lstm-3-part_of_speech-bidirectional-layers-dropout",
    "jordan-3-2-names",
    "batch_norm",
    "gaussian_noise",
    "stochastic_pool",
    "pyramid_pool",
    "adam-2",
    "hinge",
)


def test_every_rule_is_drawn() -> None:
    assert {rule["type"] for rule in RULES} == set(OPTIMIZERS.parts)
    assert set(LAYERS.parts) <= set(NETWORKS)


def walked(name: str, count: int) -> Walk:
    """Cells in both precisions, of the coming step and of an earlier one, averaged and summed."""
    driven = Driven(NETWORKS[name]).to(STEPS)
    walks = [
        Walk(driven, seed=1, precision="float64"),
        Walk(driven, seed=2, precision="float32", form="sum"),
        Walk(driven, seed=3, precision="float64", form="sum", step=1),
    ]
    for walk, share in zip(walks, (2, 1, 1), strict=True):
        walk.run(-(-count * share // 4))
        assert walk.faults == [], f"{len(walk.faults)} of {walk.explained}: {walk.faults[0]}"
    return walks[0]


@pytest.mark.parametrize("name", SMALL)
def test_some_cells_of_the_least_usual_networks_sum(name: str) -> None:
    walked(name, 40)


@pytest.mark.deep
@pytest.mark.parametrize("name", NETWORKS)
def test_twenty_thousand_cells_sum(name: str) -> None:
    walked(name, CELLS // len(NETWORKS) + 1)

"""Specs: a chain becomes a graph, JSON round trips, everything hostile is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.catalog.layers import LAYERS
from app.spec.model import ModelSpec, chain, parse_model
from app.spec.presets import presets
from app.spec.run import RunSpec

DENSE = {"type": "dense", "units": 3}
GOOD: dict[str, Any] = json.loads(presets()[0].spec.model_dump_json())


def changed(path: str, value: Any) -> str:
    """The default preset's JSON with one place changed."""
    spec = json.loads(json.dumps(GOOD))
    *way, last = path.split("/")
    place: Any = spec
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return json.dumps(spec)


def test_a_list_of_layers_is_a_chain() -> None:
    spec = parse_model(json.dumps([DENSE, {"type": "tanh"}, DENSE]))
    assert [(node.id, node.inputs) for node in spec.nodes] == [
        ("fc1", ("input",)),
        ("tanh1", ("fc1",)),
        ("fc2", ("tanh1",)),
    ]
    assert spec.outputs == ("fc2",)
    assert parse_model(spec.model_dump_json()) == spec


def test_every_layer_can_stand_in_a_chain() -> None:
    spec = chain(tuple(part() for part in LAYERS.parts.values()))
    assert len({node.id for node in spec.nodes}) == len(LAYERS.parts)
    assert ModelSpec.model_validate_json(spec.model_dump_json(), strict=True) == spec


def test_digest_ignores_the_name_alone() -> None:
    spec = presets()[0].spec
    assert spec.model_copy(update={"name": "other"}).digest() == spec.digest()
    assert spec.model_copy(update={"seed": 1}).digest() != spec.digest()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 1.0),
        ("seed", False),
        ("seed", "0"),
        ("version", 2),
        ("device", "tpu"),
        ("name", "x" * 81),
        ("more", 1),
        ("model/version", 2),
        ("model/outputs", []),
        ("model/outputs", ["a", "b"]),
        ("model/nodes/0/id", "Conv"),
        ("model/nodes/0/id", "a" * 33),
        ("model/nodes/0/id", "a b"),
        ("model/nodes/0/inputs", None),
        ("model/nodes/0/inputs", ["input"] * 17),
        ("model/nodes/0/layer", {"type": "no_such_layer"}),
        ("model/nodes/0/layer", {}),
        ("model/nodes/0/layer/kernel", 10**9),
        ("model/nodes", [{"id": "a", "layer": DENSE, "inputs": ["input"]}] * 257),
        ("training/phases", []),
        ("training/phases/0/batch_size", 0),
        ("training/phases/0/optimizer/learning_rate", float("nan")),
        ("training/phases/0/optimizer/learning_rate", float("inf")),
        ("training/dataset", {"type": "no_such_set"}),
    ],
)
def test_hostile_specs_are_refused(path: str, value: Any) -> None:
    RunSpec.model_validate_json(json.dumps(GOOD), strict=True)
    with pytest.raises(ValidationError):
        RunSpec.model_validate_json(changed(path, value), strict=True)


@pytest.mark.parametrize("body", ["[" * 500 + "]" * 500, "{", "null", "1e999", '"x"', ""])
def test_hostile_json_is_refused(body: str) -> None:
    with pytest.raises(ValidationError):
        parse_model(body)

"""A learning rate that is too small or too large is said while training, once, and of no other run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.engine.headless import train
from app.engine.pace import constant_loss
from app.engine.snapshots import file_name
from app.spec.presets import presets
from app.spec.run import RunSpec
from benchmarks._presets import with_seed
from tests.engine.specs import Driven, Layers, run_spec, trainer_of

LAYERS: Layers = [
    {"type": "flatten"},
    {"type": "dense", "units": 20},
    {"type": "relu"},
    {"type": "dense", "units": 10},
]
HEALTHY = (
    "digits8_mlp",
    "deep_sigmoid",
    "deep_relu",
    "shallow_sigmoid",
    "perceptron",
    "perceptron_digits",
    "points_plane",
    "table_iris",
    "table_diabetes",
    "autoencoder_points",
)
ALL = tuple(preset.id for preset in presets())
SEEDS = (0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in (1, 2)))


def rated(rate: float, kind: str = "sgd", **changes: Any) -> RunSpec:
    phase = {"batch_size": 16, "epochs": 6, "seed": 0, **changes}
    return run_spec(LAYERS, optimizer={"type": kind, "learning_rate": rate}, **phase)


def codes(spec: RunSpec) -> list[str]:
    return [event.code for event in train(spec, Path()) if event.type == "note"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [1e-12, 1e-8, 1e-6, 1e-5])
def test_too_small(rate: float, seed: int) -> None:
    driven = Driven(rated(rate, seed=seed)).do("play")
    (note,) = driven.of("note")
    assert note.code == "rate_too_small"
    assert note.step == 90
    assert 1e-4 < note.params["suggested"] <= 1.0 or rate == 1e-12
    assert f"{rate:.4g}" in note.message.en
    assert note.message.zh
    assert driven.session.state == "finished"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [3.0, 10.0, 30.0, 100.0])
def test_too_large(rate: float, seed: int) -> None:
    driven = Driven(rated(rate, seed=seed)).do("play")
    (note,) = driven.of("note")
    assert note.code == "rate_too_large"
    assert note.params["suggested"] == pytest.approx(rate / 10)


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (rated(1e-9, "adam"), "rate_too_small"),
        (rated(3.0, "adam"), "rate_too_large"),
        (rated(1e-7, loss={"type": "squared_error", "form": "half_sum"}), "rate_too_small"),
        (rated(0.3, loss={"type": "squared_error", "form": "half_sum"}), "rate_too_large"),
        (rated(1e-7, epochs=1), "rate_too_small"),
        (rated(30.0, epochs=1, batch_size=100), "rate_too_large"),
        (rated(1e-7, epochs=3, batch_size=1000), "rate_too_small"),
    ],
)
def test_other_rules_losses_and_lengths(spec: RunSpec, code: str) -> None:
    assert codes(spec) in ([code], ["diverged"]) if code == "rate_too_large" else [code]


def test_a_finite_explosion() -> None:
    """28×28 digits with η = 100: the loss leaps to hundreds of times its start and stays."""
    layers: Layers = [
        *LAYERS[:1],
        {"type": "dense", "units": 64, "init": {"type": "he"}},
        *LAYERS[2:],
    ]
    spec = run_spec(
        layers,
        dataset={"type": "digits28"},
        optimizer={"type": "sgd", "learning_rate": 100.0},
        seed=0,
    )
    assert codes(spec) == ["rate_too_large"]


@pytest.mark.parametrize("rate", [0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_said_of_a_rate_that_learns(rate: float, seed: int) -> None:
    assert codes(rated(rate, seed=seed)) == []


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_said_of_quick_presets(name: str, seed: int) -> None:
    (preset,) = (one for one in presets() if one.id == name)
    assert codes(with_seed(preset.spec, seed)) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", ALL)
def test_nothing_is_said_of_any_preset(name: str) -> None:
    (preset,) = (one for one in presets() if one.id == name)
    assert codes(with_seed(preset.spec, 1)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": [{"of": one, "learning_rate": 0.0} for one in ("fc1", "fc2")]},
        {"schedule": {"type": "warm_up", "length": 3, "then": {"type": "constant"}}},
    ],
    ids=["frozen", "warming up"],
)
def test_what_stands_still_for_another_reason_is_not_blamed_on_the_rate(changes: Any) -> None:
    assert codes(rated(0.1, epochs=4, **changes)) == []


def test_weights_that_have_no_slope_are_not_blamed_on_the_rate() -> None:
    dead = [*LAYERS[:1], {"type": "dense", "units": 20, "init": {"type": "zeros"}}, *LAYERS[2:]]
    spec = run_spec(dead, epochs=3, optimizer={"type": "sgd", "learning_rate": 0.01})
    assert "rate_too_small" not in codes(spec)


def test_it_is_said_once_and_again_on_another_branch(tmp_path: Path) -> None:
    spec = rated(1e-6)
    driven = Driven(spec, tmp_path).do("play")
    assert len(driven.of("note")) == 1
    driven.do("rewind", step=0).do("play")
    assert [note.branch for note in driven.of("note")] == [0, 1]
    driven.do("rewind", step=0).do("set_optimizer", values={"learning_rate": 30.0}).do("play")
    assert [note.code for note in driven.of("note")][2:] == ["rate_too_large"]


@pytest.mark.parametrize("said", [["rate_too_small"], []])
def test_a_new_process_does_not_say_it_again(tmp_path: Path, said: list[str]) -> None:
    spec = rated(1e-6)
    first = Driven(spec, tmp_path).to(50)
    assert first.of("note") == []
    again = Driven(
        spec,
        tmp_path,
        snapshot=file_name(0, 50),
        replay_to=100,
        emitted={"metrics": 100, "validation": 90, "notes": said},
    ).do("play")
    assert [note.code for note in again.of("note")] == ([] if said else ["rate_too_small"])


def test_the_level_of_a_constant_answer() -> None:
    """ln K of classes, the variance of numbers, ½ΣΣ of one sample of one-hot targets: ½·(1 − Σp²)."""
    import numpy as np

    assert constant_loss(trainer_of(rated(0.1))) == pytest.approx(np.log(10), rel=1e-6)
    diabetes = run_spec(
        [{"type": "dense", "units": 1}],
        dataset={"type": "diabetes"},
        loss={"type": "squared_error"},
    )
    trainer = trainer_of(diabetes)
    y = trainer.data.arrays.val_y
    assert constant_loss(trainer) == pytest.approx(min(y.var(), (y**2).mean()), rel=1e-5)
    summed = trainer_of(rated(0.1, loss={"type": "squared_error", "form": "half_sum"}))
    shares = np.bincount(summed.data.arrays.val_y, minlength=10) / len(summed.data.arrays.val_y)
    assert constant_loss(summed) == pytest.approx(0.5 * (1 - (shares**2).sum()), rel=1e-5)


def test_a_note_is_plain_data() -> None:
    (note,) = Driven(rated(30.0)).do("play").of("note")
    read = json.loads(note.model_dump_json())
    names = {"step", "back", "first", "loss", "change", "learning_rate", "suggested"}
    assert set(read["params"]) == names


def test_it_says_where_to_go_back_to() -> None:
    """The step at which the rate that is too large came into force."""
    driven = Driven(rated(0.1)).to(10).do("set_optimizer", values={"learning_rate": 100.0})
    (note,) = driven.do("play").of("note")
    assert "Go back to step 10 and try 10" in note.message.en

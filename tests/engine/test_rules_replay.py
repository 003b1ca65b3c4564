"""Schedules, clipping, groups and every optimiser: killed, resumed, rewound and changed on the way,
a run ends with the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.engine.snapshots import file_name
from tests.engine.specs import Driven, Layers, run_spec

# 512 training samples at most make an epoch of few steps, so that plateaus are reached quickly.
LAYERS: Layers = [
    {"type": "flatten"},
    {"type": "dropout", "rate": 0.2},
    {"type": "dense", "units": 10},
]
SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {"type": "constant"},
    "step": {"type": "step", "every": 1, "gamma": 0.5},
    "exponential": {"type": "exponential", "gamma": 0.99, "unit": "step"},
    "cosine": {"type": "cosine"},
    "one_cycle": {"type": "one_cycle"},
    "warm_up": {"type": "warm_up", "length": 11, "then": {"type": "step", "every": 1}},
    "plateau": {"type": "plateau", "patience": 0, "threshold": 0.3, "gamma": 0.5},
    "warm_up_plateau": {
        "type": "warm_up",
        "length": 5,
        "then": {"type": "plateau", "patience": 0, "threshold": 0.5, "gamma": 0.5},
    },
}
BATCH = 250
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"type": "sgd", "learning_rate": 0.1},
    "momentum": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9},
    "nesterov": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    "adagrad": {"type": "adagrad", "learning_rate": 0.05},
    "rmsprop": {"type": "rmsprop", "learning_rate": 0.003},
    "adam": {"type": "adam", "learning_rate": 0.01},
    "adamw": {"type": "adamw", "learning_rate": 0.01},
}
CHANGES: list[tuple[int, str, dict[str, Any]]] = [
    (9, "set_clipping", {"clip_norm": 0.5, "clip_value": 0.1}),
    (13, "set_groups", {"groups": [{"of": "fc1.bias", "learning_rate": 3.0}]}),
    (18, "set_optimizer", {"values": {"learning_rate": 0.02}}),
    (21, "set_batch_size", {"batch_size": 190}),
    (26, "set_groups", {"groups": [{"of": "fc1.weight", "learning_rate": 0.0}]}),
    (29, "set_groups", {"groups": []}),
    (33, "set_epochs", {"epochs": 12}),
    (38, "set_clipping", {}),
]
END = 44


def steered(driven: Driven, end: int) -> Driven:
    for step, kind, fields in CHANGES:
        if driven.step <= step < end:
            if step > driven.step:
                driven.to(step)
            driven.do(kind, **fields)
    return driven.to(end)


def resumed(spec: Any, folder: Path, whole: Driven, snapshot: int, step: int) -> Driven:
    """A new process that goes on from a snapshot and replays up to ``step``."""
    log = [entry.model_dump(mode="json") for entry in whole.session.log]
    return Driven(
        spec,
        folder,
        log=log,
        snapshot=file_name(0, snapshot),
        replay_to=step,
        emitted={"metrics": step, "validation": step},
    )


def same_everywhere(spec: Any, folder: Path) -> Driven:
    """Straight, resumed after a kill, and gone back to: the same SHA-256 of the weights."""
    whole = steered(Driven(spec, folder), END)
    want, rate = whole.digest, whole.session.trainer.rate
    for snapshot, step in ((9, 17), (21, 27), (33, 36)):
        again = resumed(spec, folder, whole, snapshot, step)
        assert again.step == step
        assert again.to(END).digest == want
        assert again.session.trainer.rate == rate
        assert again.session.trainer.memory == whole.session.trainer.memory
    back = whole.do("rewind", step=11)
    assert steered(back, END).digest == want
    assert back.session.trainer.memory == again.session.trainer.memory
    return back


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_with_each_schedule(tmp_path: Path, schedule: dict[str, Any]) -> None:
    driven = same_everywhere(
        run_spec(LAYERS, schedule=schedule, epochs=9, batch_size=BATCH), tmp_path
    )
    if "plateau" in str(schedule):
        assert driven.session.trainer.memory.scale < 1.0


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_with_each_optimizer(tmp_path: Path, optimizer: dict[str, Any]) -> None:
    schedule = SCHEDULES["warm_up_plateau"]
    spec = run_spec(LAYERS, optimizer=optimizer, schedule=schedule, epochs=9, batch_size=BATCH)
    same_everywhere(spec, tmp_path)


def test_a_schedule_changed_on_the_way(tmp_path: Path) -> None:
    spec = run_spec(LAYERS, epochs=9, batch_size=BATCH)
    driven = Driven(spec, tmp_path)
    for step, name in ((7, "plateau"), (19, "warm_up"), (24, "warm_up_plateau"), (40, "cosine")):
        driven.to(step).do("set_schedule", schedule=SCHEDULES[name])
    want = driven.to(END).digest
    log = [entry.model_dump(mode="json") for entry in driven.session.log]
    assert Driven(spec, log=log).to(END).digest == want
    assert resumed(spec, tmp_path, driven, 24, 33).to(END).digest == want
    assert driven.do("rewind", step=31).session.trainer.settings.schedule.watches


def test_a_reset_keeps_the_rules_that_were_set(tmp_path: Path) -> None:
    driven = Driven(run_spec(LAYERS, epochs=9), tmp_path)
    driven.do("set_schedule", schedule=SCHEDULES["cosine"])
    driven.do("set_clipping", clip_norm=0.5)
    driven.do("set_groups", groups=[{"of": "fc1", "learning_rate": 0.5}])
    want = driven.to(12).digest
    driven.do("rewind", step=0)
    settings = driven.session.trainer.settings
    assert settings.schedule.kind() == "cosine"
    assert settings.clip_norm == 0.5
    assert settings.groups[0].learning_rate == 0.5
    assert driven.to(12).digest == want


def test_the_rate_in_force_is_reported(tmp_path: Path) -> None:
    driven = Driven(run_spec(LAYERS, schedule={"type": "exponential", "gamma": 0.5}, epochs=4))
    rates = []
    for _ in range(3):
        driven.do("step", unit="epoch")
        rates.append(driven.of("metrics")[-1].learning_rate)
    assert rates == pytest.approx([0.05, 0.025, 0.0125])
    driven.do("set_optimizer", values={"learning_rate": 0.4}).do("step")
    assert driven.of("metrics")[-1].learning_rate == pytest.approx(0.05)

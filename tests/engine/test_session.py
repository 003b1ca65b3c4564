"""Commands, states, epochs, metrics and divergence of a session, without a worker around it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from app.core.errors import GlassnetError
from tests.engine.specs import Driven, Layers, run_spec

FLAT: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]


def states(driven: Driven) -> list[str]:
    return [event.state for event in driven.of("state")]


def test_a_whole_run() -> None:
    driven = Driven(run_spec(FLAT)).do("play")
    trainer = driven.session.trainer
    per_epoch = -(-trainer.count // 64)
    assert states(driven) == ["paused", "running", "finished"]
    assert driven.step == 2 * per_epoch
    assert [v.step for v in driven.of("validation")] == [0, per_epoch, 2 * per_epoch]
    assert [v.epoch for v in driven.of("validation")] == [0, 1, 2]
    first, *others = driven.of("validation")
    assert first.train_loss is None
    assert all(v.train_loss > 0 and 0 < v.train_accuracy <= 1 for v in others)
    assert others[-1].accuracy > 0.8


def test_metrics_cover_every_step_once() -> None:
    driven = Driven(run_spec(FLAT)).do("play")
    steps = [step for event in driven.of("metrics") for step in event.steps]
    counts = [count for event in driven.of("metrics") for count in event.count]
    assert steps == sorted(set(steps))
    assert steps[-1] == driven.step
    assert sum(counts) == driven.step
    assert all(b - a == n for (a, b), n in zip(pairwise([0, *steps]), counts, strict=True))
    last = driven.of("metrics")[-1]
    assert set(last.gradient) == {"fc1"}
    assert last.epoch == pytest.approx(2.0)
    assert last.seconds_left == 0.0
    assert last.samples_per_second > 0


def test_last_batch_of_an_epoch_is_smaller() -> None:
    driven = Driven(run_spec(FLAT, batch_size=1000))
    trainer = driven.session.trainer
    count = trainer.count
    assert 1000 < count < 2000
    driven.do("step")
    assert trainer.epoch == pytest.approx(1000 / count)
    driven.do("step")
    assert trainer.epoch == 1.0
    driven.do("set_batch_size", batch_size=10).do("step")
    assert trainer.epoch == pytest.approx(1 + 10 / count)


def test_step_epoch_runs_to_the_end_of_the_current_epoch() -> None:
    driven = Driven(run_spec(FLAT, epochs=9)).do("step", count=5)
    assert driven.step == 5
    driven.do("step", unit="epoch")
    assert driven.session.trainer.epoch == 1.0
    driven.do("step", unit="epoch", count=2)
    assert driven.session.trainer.epoch == 3.0
    assert states(driven)[-1] == "paused"


def test_the_end_can_be_moved() -> None:
    driven = Driven(run_spec(FLAT, epochs=1)).do("play")
    for kind in ("play", "step"):
        with pytest.raises(GlassnetError) as refused:
            driven.do(kind)
        assert refused.value.code == "at_the_end"
    driven.do("set_epochs", epochs=2)
    assert states(driven)[-1] == "paused"
    driven.do("play")
    assert driven.session.trainer.epoch == 2.0
    driven.do("set_epochs", epochs=4).do("step").do("set_epochs", epochs=2)
    assert states(driven)[-1] == "finished"


def test_play_until_a_step() -> None:
    driven = Driven(run_spec(FLAT)).to(7)
    assert (driven.step, states(driven)[-1]) == (7, "paused")
    with pytest.raises(GlassnetError) as refused:
        driven.to(7)
    assert refused.value.code == "not_later"


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("rewind", {"step": 4}, "not_earlier"),
        ("set_optimizer", {"values": {"learning_rate": -1.0}}, "out_of_range"),
        ("set_optimizer", {"values": {"learning_rate": True}}, "out_of_range"),
        ("set_optimizer", {"values": {"type": 1.0}}, "not_live"),
        ("set_optimizer", {"values": {"momentum": 0.0, "nesterov": True}}, "out_of_range"),
        ("set_optimizer", {"values": {"momentum": 5e-324, "nesterov": True}}, "out_of_range"),
        ("set_loss", {"values": {"label_smoothing": 1.0}}, "out_of_range"),
        ("set_loss", {"values": {"margin": 1.0}}, "not_live"),
        ("set_layer", {"node": "conv9", "values": {"rate": 0.1}}, "not_found"),
        ("set_layer", {"node": "fc1", "values": {"units": 3.0}}, "not_live"),
        ("set_layer", {"node": "drop1", "values": {"rate": 2.0}}, "out_of_range"),
    ],
)
def test_refused_commands_change_nothing(kind: str, fields: dict[str, object], code: str) -> None:
    driven = Driven(run_spec()).to(3)
    before, count = driven.digest, len(driven.events)
    settings = driven.session.trainer.settings
    with pytest.raises(GlassnetError) as refused:
        driven.do(kind, **fields)
    assert refused.value.code == code
    assert refused.value.text.zh
    assert len(driven.events) == count
    assert driven.session.trainer.settings == settings
    assert driven.to(6).digest != before


def test_optimizer_numbers_reach_torch() -> None:
    driven = Driven(run_spec()).to(2)
    driven.do("set_optimizer", values={"learning_rate": 0.5, "momentum": 0.0})
    optimizer = driven.session.trainer.optimizer
    assert optimizer is not None
    assert (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]) == (0.5, 0.0)


def test_label_smoothing_is_in_the_loss_of_the_next_step_and_outlives_a_reset() -> None:
    """Against the formula written out, in float64: t = (1 − ε)·onehot + ε/c."""
    driven = Driven(run_spec()).to(3).do("set_loss", values={"label_smoothing": 0.3})
    trainer = driven.session.trainer
    x, labels, _ = trainer.data.train.batch(trainer.next_batch())
    trainer.network.mode(training=False)
    with torch.no_grad():
        u = trainer.network(x)
    trainer.network.mode(training=True)
    log_y = np.log(np.exp(u.double().numpy()))
    log_y -= np.log(np.exp(log_y).sum(1, keepdims=True))
    t = 0.7 * np.eye(u.shape[1])[labels.numpy()] + 0.3 / u.shape[1]
    expected = -(t * log_y).sum(1).mean()
    assert float(trainer.loss(u, labels)) == pytest.approx(expected, rel=1e-5)
    driven.do("rewind", step=0)
    assert trainer.settings.loss.model_dump()["label_smoothing"] == 0.3
    assert driven.do("set_loss", values={"label_smoothing": 0.0}).to(3).digest == (
        Driven(run_spec()).to(3).digest
    )


def test_layer_numbers_reach_the_module() -> None:
    driven = Driven(run_spec()).do("set_layer", node="drop1", values={"rate": 0.75})
    trainer = driven.session.trainer
    assert trainer.network.node("drop1").rate == 0.75
    driven.to(3).do("rewind", step=0)
    assert trainer.network.node("drop1").rate == 0.75


def test_divergence_is_explained_and_pauses(tmp_path: Path) -> None:
    rule = {"type": "sgd", "learning_rate": 100.0, "momentum": 0.9}
    layers: Layers = [{"type": "flatten"}, *[{"type": "dense", "units": 10}] * 4]
    spec = run_spec(layers, optimizer=rule, loss={"type": "squared_error"})
    driven = Driven(spec, tmp_path).do("play")
    [note] = driven.of("note")
    assert note.code == "diverged"
    assert note.node in ("fc1", "fc2", "fc3", "fc4")
    assert note.params["step"] == note.step == driven.step
    assert note.params["suggested"] == 10.0
    assert str(note.params["step"]) in note.message.en
    assert note.node in note.message.zh
    assert "10" in note.message.zh
    assert states(driven)[-1] == "paused"
    assert not abs(driven.of("metrics")[-1].loss[-1]) < float("inf")
    driven.do("step")
    assert len(driven.of("note")) == 1
    driven.do("rewind", step=0).do("set_optimizer", values={"learning_rate": 0.001}).to(20)
    assert abs(driven.of("metrics")[-1].loss[-1]) < float("inf")


def test_network_without_parameters_can_be_run() -> None:
    layers = [{"type": "tanh"}]
    spec = run_spec(layers, dataset={"type": "points_circle"}, epochs=1)
    before = Driven(spec)
    assert before.do("play").session.state == "finished"


def test_graph_with_a_side_branch() -> None:
    nodes = [
        {"id": "flat1", "layer": {"type": "flatten"}, "inputs": ["input"]},
        {"id": "aside", "layer": {"type": "dense", "units": 3}, "inputs": ["flat1"]},
        {"id": "train", "layer": {"type": "dense", "units": 10}, "inputs": ["flat1"]},
    ]
    spec = run_spec({"version": 1, "nodes": nodes, "outputs": ["train"]})  # type: ignore[arg-type]
    driven = Driven(spec).to(3)
    assert set(driven.of("metrics")[-1].gradient) == {"train"}
    x = driven.session.trainer.data.val.inputs(driven.session.trainer.data.val.rows[:2])
    assert set(driven.session.trainer.network.forward_all(x)) == {
        "input",
        "flat1",
        "aside",
        "train",
    }


def test_speed_is_reported_and_changes_no_number() -> None:
    slow = Driven(run_spec(), speed=5.0)
    slow.do("set_speed", steps_per_second=10.0)
    assert slow.session.speed == 10.0
    assert slow.to(4).digest == Driven(run_spec()).to(4).digest
    assert [event.steps for event in slow.of("metrics")] == [[1], [2], [3], [4]]

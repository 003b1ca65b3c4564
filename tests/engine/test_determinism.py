"""The same spec, seed and log give the same weights, bit for bit, however the run was executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from app.core.ids import stable_hash
from app.engine.data import epoch_order
from app.engine.headless import train
from app.engine.snapshots import file_name
from app.protocol.commands import LoggedCommand
from app.protocol.events import SnapshotTaken
from tests.engine.specs import ADAM, SGD, Driven, Layers, command, digest, run_spec, trainer_of

POINTS = {"type": "points_circle"}
MLP: Layers = [{"type": "dense", "units": 8}, {"type": "tanh"}, {"type": "dense", "units": 2}]


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_same_spec_and_seed_twice(optimizer: dict[str, Any]) -> None:
    digests: set[str] = set()
    for _ in range(2):
        torch.manual_seed(len(digests))
        trainer = trainer_of(run_spec(optimizer=optimizer))
        for _ in range(50):
            trainer.step()
        digests.add(digest(trainer))
    assert len(digests) == 1


def test_another_seed_is_another_run() -> None:
    one, other = trainer_of(run_spec(seed=1)), trainer_of(run_spec(seed=2))
    assert digest(one) != digest(other)


def test_order_is_a_function_of_seed_and_epoch() -> None:
    first = epoch_order(5, 2, 100)
    assert torch.equal(first, epoch_order(5, 2, 100))
    assert sorted(first.tolist()) == list(range(100))
    assert not torch.equal(first, epoch_order(5, 3, 100))
    assert not torch.equal(first, epoch_order(6, 2, 100))


def test_inserting_a_layer_moves_no_other_initial_weight() -> None:
    layers: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    more = [layers[0], {"type": "dropout"}, layers[1]]
    small, large = trainer_of(run_spec(layers)), trainer_of(run_spec(more))
    for name, value in small.network.state_dict().items():
        assert torch.equal(value, large.network.state_dict()[name])


def test_dropout_draws_belong_to_seed_step_and_node() -> None:
    trainer = trainer_of(run_spec())
    name, module = next((n, m) for n, m in trainer.network.named_children() if n == "drop1")
    ones = torch.ones(4, 50)
    trainer.network.train()
    trainer.network.reseed(7)
    seen = module(ones)
    generator = torch.Generator().manual_seed(stable_hash(3, 7, name))
    mask = torch.empty(4, 50).bernoulli_(0.7, generator=generator) / 0.7
    assert torch.equal(seen, mask)
    trainer.network.reseed(8)
    assert not torch.equal(module(ones), seen)


CHANGES: list[tuple[int, str, dict[str, Any]]] = [
    (11, "set_optimizer", {"values": {"learning_rate": 0.02}}),
    (20, "set_batch_size", {"batch_size": 37}),
    (23, "set_loss", {"values": {"label_smoothing": 0.2}}),
    (26, "set_layer", {"node": "drop1", "values": {"rate": 0.5}}),
    (35, "set_batch_size", {"batch_size": 100}),
]


def steered(driven: Driven, end: int) -> str:
    for step, kind, fields in CHANGES:
        if driven.step <= step <= end:
            driven.to(step) if step > driven.step else driven
            driven.do(kind, **fields)
    return driven.to(end).digest


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_pauses_and_changes_on_the_way(tmp_path: Path, optimizer: dict[str, Any]) -> None:
    spec = run_spec(optimizer=optimizer, epochs=9)
    steered(first := Driven(spec, tmp_path / "a"), 60)
    log = [
        LoggedCommand(step=s, command=command(kind, **fields)).model_dump(mode="json")
        for s, kind, fields in CHANGES
    ]
    straight = Driven(spec, log=log).to(60)
    assert straight.digest == first.digest
    assert straight.of("command")[0].command.type == "play"
    assert len(straight.of("command")) == 1


@pytest.mark.parametrize("cut", [0, 13, 29, 30, 47, 59])
def test_killed_and_resumed(tmp_path: Path, cut: int) -> None:
    """A new process goes on from any snapshot, replays to where the run was, and ends the same."""
    spec = run_spec(epochs=9)
    whole = Driven(spec, tmp_path)
    for stop in (13, 30, 47):
        if whole.step < stop:
            steered(whole, stop)
    want = steered(whole, 60)
    at = max((s for s in (0, 13, 30, 47) if s <= cut), default=0)
    log = [e.model_dump(mode="json") for e in whole.session.log]
    resumed = Driven(
        spec,
        tmp_path,
        log=log,
        snapshot=file_name(0, at) if at else None,
        replay_to=cut,
        emitted={"metrics": cut, "validation": cut},
    )
    assert resumed.step == cut
    assert resumed.to(60).digest == want
    steps = [step for event in resumed.of("metrics") for step in event.steps]
    assert min(steps) > cut
    assert len(resumed.of("command")) == 1


def test_going_back_and_forth_is_bit_for_bit(tmp_path: Path) -> None:
    driven = Driven(run_spec(epochs=9), tmp_path)
    seen, passed = {}, {}
    for step in (1, 9, 23, 40):
        seen[step] = driven.to(step).digest
        passed[step] = driven.session.trainer.epoch
    for step in (23, 9, 1):
        assert driven.do("rewind", step=step).digest == seen[step]
        assert driven.session.state == "paused"
    assert driven.to(40).digest == seen[40]
    assert [event.branch for event in driven.of("rewound")] == [1, 2, 3]
    assert [event.epoch for event in driven.of("rewound")] == [passed[step] for step in (23, 9, 1)]
    assert driven.do("rewind", step=33).to(40).digest == seen[40]


def test_reset_gives_the_same_initial_weights_and_keeps_settings(tmp_path: Path) -> None:
    driven = Driven(run_spec(epochs=9), tmp_path)
    start = driven.digest
    driven.do("set_optimizer", values={"learning_rate": 0.5})
    driven.to(10).do("set_optimizer", values={"learning_rate": 0.05})
    driven.do("set_batch_size", batch_size=32).to(20)
    driven.events.clear()
    driven.do("rewind", step=0)
    assert driven.digest == start
    kinds = [event.type for event in driven.events]
    assert kinds == ["rewound", "command", "command", "snapshot", "state"]
    assert all(event.step == 0 and event.branch == 1 for event in driven.events)
    again = driven.to(15).digest
    spec = run_spec(epochs=9, batch_size=32)
    assert Driven(spec).to(15).digest == again


def test_points_and_headless_training(tmp_path: Path) -> None:
    spec = run_spec(MLP, dataset=POINTS, batch_size=10)
    runs = []
    for name in ("a", "b"):
        events = list(train(spec, Path(), folder=tmp_path / name))
        runs.append([e.sha256 for e in events if isinstance(e, SnapshotTaken)][-1])
        assert events[-1].type == "state"
    assert runs[0] == runs[1]


def test_headless_training_follows_a_log() -> None:
    log = [LoggedCommand(step=5, command=command("set_epochs", epochs=1))]
    events = list(train(run_spec(epochs=3), Path(), log))
    assert [e.epoch for e in events if e.type == "validation"] == [0.0, 1.0]

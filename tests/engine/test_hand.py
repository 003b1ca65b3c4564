"""Weights written, parts frozen and silenced by hand: what it does, and that a replay does the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.catalog.optimizers import OPTIMIZERS
from app.core.errors import GlassnetError
from app.engine.held import Held, Members
from app.engine.snapshots import file_name, model_tensors, weights_digest
from app.engine.trainer import Trainer
from app.engine.update import Update
from app.protocol.commands import is_setting
from app.spec.units import marked
from tests.catalog.test_textbook_optimizers import TEXTBOOK
from tests.engine.specs import ADAM, SGD, Driven, Layers, command, digest, run_spec, trainer_of
from tests.engine.test_groups import each_rule

EDIT: dict[str, Any] = {"node": "conv1", "tensor": "weight", "index": [2, 0, 1, 1], "value": 0.75}
KINDS: Layers = [
    {"type": "conv2d", "filters": 6, "kernel": 3, "padding": 1},
    {"type": "batch_norm"},
    {"type": "tanh"},
    {"type": "max_pool2d"},
    {"type": "lenet_conv2d", "kernel": 3},
    {"type": "prelu"},
    {"type": "subsample"},
    {"type": "transposed_conv2d", "filters": 5, "kernel": 2},
    {"type": "mlpconv", "filters": 4, "hidden": 4, "kernel": 1},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]


def state(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.state().items()}


@each_rule
def test_a_held_row_stays_and_the_others_follow_the_textbook(rule: dict[str, Any]) -> None:
    """In float64; row 1 is held from the fourth step to the eighth, and clipping does not see it."""
    part = OPTIMIZERS.parts[rule["type"]].model_validate(rule)
    random = np.random.RandomState(7)
    weight = random.standard_normal((3, 2))
    gradients = [random.standard_normal((3, 2)) for _ in range(10)]
    parameter = torch.nn.Parameter(torch.from_numpy(weight.copy()))
    update = Update(part.build([parameter]))
    update.arrange(part.options(), [Members([parameter])])
    update.clip(1.5, None)
    held = [Held(parameter, 0, torch.tensor([1]))]
    clipped = []
    for step, gradient in enumerate(gradients):
        holds = 3 <= step < 8
        update.hold(held if holds else [])
        parameter.grad = torch.from_numpy(gradient.copy())
        before = parameter.detach().clone()
        update.step()
        assert torch.equal(parameter.grad, torch.from_numpy(gradient))
        seen = gradient.copy()
        if holds:
            seen[1] = 0.0
            assert torch.equal(parameter[1], before[1])
        assert not torch.equal(parameter[0], before[0])
        clipped.append(seen * min(1.0, 1.5 / (float(np.linalg.norm(seen)) + 1e-6)))
    free = [gradient[[0, 2]] for gradient in clipped]
    expected = TEXTBOOK[rule["type"]](part, weight[[0, 2]], free)[-1]
    np.testing.assert_allclose(parameter.detach().numpy()[[0, 2]], expected, rtol=1e-12, atol=1e-12)


def test_a_freeze_of_a_map_covers_weight_bias_and_state_and_survives_nan() -> None:
    trainer = trainer_of(run_spec(optimizer={**ADAM, "weight_decay": 0.1}))
    for _ in range(5):
        trainer.step()
    trainer.command(command("freeze", node="conv1", unit=2))
    before = state(trainer)
    trainer.step()
    for parameter in trainer.network.node("conv1").parameters():
        assert parameter.grad is not None
        parameter.grad[2] = torch.nan
    trainer.update()
    after = state(trainer)
    for name in ("conv1.weight", "conv1.bias"):
        for key in (f"model.{name}", f"optimizer.{name}.exp_avg", f"optimizer.{name}.exp_avg_sq"):
            assert torch.equal(after[key][2], before[key][2]), key
            assert not torch.equal(after[key][:2], before[key][:2]), key
            assert bool(after[key].isfinite().all()), key
    trainer.command(command("unfreeze", node="conv1", unit=2))
    trainer.step()
    assert not torch.equal(
        trainer.state()["model.conv1.weight"][2], before["model.conv1.weight"][2]
    )


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_a_freeze_from_the_first_step_on(optimizer: dict[str, Any]) -> None:
    """There is no state yet when the unit is frozen."""
    trainer = trainer_of(run_spec(optimizer=optimizer))
    before = state(trainer)
    trainer.command(command("freeze", node="fc1", unit=4))
    for _ in range(3):
        trainer.step()
    assert torch.equal(trainer.state()["model.fc1.weight"][4], before["model.fc1.weight"][4])
    assert not torch.equal(trainer.state()["model.fc1.weight"][5], before["model.fc1.weight"][5])


def test_a_frozen_layer_but_for_one_unit() -> None:
    trainer = trainer_of(run_spec())
    before = state(trainer)
    trainer.command(command("freeze", node="conv1"))
    trainer.command(command("unfreeze", node="conv1", unit=1))
    for _ in range(3):
        trainer.step()
    moved = (
        (trainer.state()["model.conv1.weight"] != before["model.conv1.weight"]).flatten(1).any(1)
    )
    assert moved.tolist() == [False, True, False, False]


def test_every_layer_knows_which_parameters_are_a_units_own() -> None:
    """∂(one output map)/∂θ is 0 outside the rows of that map, and the rows cover what is not."""
    spec = run_spec(KINDS)
    network = trainer_of(spec).network
    network.mode(training=False)
    values = network.forward_all(torch.rand(3, *network.shapes["input"]))
    for name in network.order:
        module, layer = network.node(name), network.layers[name]
        shapes = tuple(network.shapes[source] for source in network.sources[name])
        given = dict(module.named_parameters())
        if not given:
            continue
        inputs = [values[source].detach() for source in network.sources[name]]
        for unit in range(network.shapes[name][0]):
            made = module(*inputs)[:, unit].square().sum()
            found: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
                made, list(given.values()), allow_unused=True
            )
            rows = layer.rows(unit, shapes)
            for (tensor, parameter), gradient in zip(given.items(), found, strict=True):
                touched = torch.zeros_like(parameter, dtype=torch.bool)
                if tensor in rows:
                    places = torch.tensor(rows[tensor].places)
                    touched.index_fill_(rows[tensor].axis, places, True)
                used = torch.zeros_like(touched) if gradient is None else gradient != 0
                assert tensor not in rows or not bool((used & ~touched).any()), (name, tensor, unit)
        assert layer.kind() == "mlpconv" or set(layer.rows(0, shapes)) == set(given), name


def test_a_silenced_map_is_zero_everywhere_and_nothing_flows_through_it() -> None:
    trainer = trainer_of(run_spec())
    network = trainer.network
    plain = trainer.evaluate()
    trainer.command(command("silence", node="relu1", unit=1))
    x = trainer.data.train.batch(trainer.next_batch())[0]
    for training in (True, False):
        network.mode(training=training)
        network.reseed(0)
        values = network.forward_all(x)
        assert not values["relu1"][:, 1].any()
        assert values["relu1"][:, 0].any()
        network.reseed(0)
        assert torch.equal(network(x), values[network.output])
    network.mode(training=True)
    trainer.step()
    gradient = network.node("conv1").weight.grad
    assert isinstance(gradient, torch.Tensor)
    assert not gradient[1].any()
    assert gradient[0].any()
    trainer.reset()
    assert trainer.evaluate() == plain
    assert not any(m._forward_hooks for m in network.modules())


def test_silence_equals_a_zero_column_of_the_next_layer() -> None:
    """Independent of how it is done: the next layer's weights for that unit may as well be 0."""
    spec = run_spec(
        [
            {"type": "flatten"},
            {"type": "dense", "units": 6},
            {"type": "sigmoid"},
            {"type": "dense", "units": 10},
        ]
    )
    one, other = trainer_of(spec), trainer_of(spec)
    one.command(command("silence", node="sigm1", unit=3))
    with torch.no_grad():
        other.network.get_parameter("fc2.weight")[:, 3] = 0.0
    x = one.data.val.inputs(one.data.val.rows[:50])
    assert torch.allclose(one.network(x), other.network(x), atol=1e-6)


COMMANDS: list[tuple[int, str, dict[str, Any]]] = [
    (0, "edit_weight", {**EDIT, "value": -0.5}),
    (7, "silence", {"node": "relu1", "unit": 0}),
    (9, "freeze", {"node": "conv1", "unit": 3}),
    (12, "edit_weight", EDIT),
    (12, "edit_weight", {**EDIT, "value": 0.25}),
    (15, "restore", {"node": "relu1"}),
    (15, "freeze", {"node": "fc1"}),
    (18, "unfreeze", {"node": "conv1", "unit": 3}),
    (20, "edit_weight", {"node": "fc1", "tensor": "bias", "index": [0], "value": 1.0}),
    (21, "unfreeze", {"node": "fc1"}),
]
END = 26


def steered(driven: Driven, end: int = END) -> Driven:
    for step, kind, fields in COMMANDS:
        if driven.step <= step < end:
            if step > driven.step:
                driven.to(step)
            driven.do(kind, **fields)
    return driven.to(end)


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_the_same_bits_straight_resumed_and_gone_back_to(
    optimizer: dict[str, Any], tmp_path: Path
) -> None:
    spec = run_spec(optimizer=optimizer)
    straight = steered(Driven(spec))
    whole = steered(Driven(spec, tmp_path / "whole"))
    assert whole.digest == straight.digest
    log = [entry.model_dump(mode="json") for entry in whole.session.log]
    for snapshot in (0, 7, 12, 15, 20):
        start: dict[str, Any] = {"log": log, "snapshot": file_name(0, snapshot), "replay_to": END}
        assert Driven(spec, tmp_path / "whole", **start).digest == straight.digest, snapshot
    whole.do("rewind", step=12)
    weight = whole.session.trainer.network.get_parameter("conv1.weight")
    assert float(weight.detach()[2, 0, 1, 1]) == 0.25
    assert whole.session.trainer.settings.silenced
    for step, kind, fields in COMMANDS[5:]:
        (whole.to(step) if step > whole.step else whole).do(kind, **fields)
    assert whole.to(END).digest == straight.digest
    assert [e.step for e in whole.session.log if is_setting(e.command)] == [
        s for s, _, _ in COMMANDS
    ]


def test_an_edit_of_a_resting_run_is_in_its_snapshot_and_can_be_taken_back(tmp_path: Path) -> None:
    run = Driven(run_spec(), tmp_path).to(5)
    before, loss = run.digest, run.session.trainer.evaluate()[0]
    weight = run.session.trainer.network.get_parameter("conv1.weight")
    old = float(weight.detach()[2, 0, 1, 1])
    version = run.session.version
    run.do("edit_weight", **EDIT)
    assert run.session.version != version
    assert run.of("snapshot")[-1].sha256 == run.digest != before
    assert run.of("validation")[-1].step == 5
    assert run.of("validation")[-1].loss == run.session.trainer.evaluate()[0] != loss
    store = run.session.keeper.store
    assert store is not None
    loaded = store.nearest(run.session.lineage, 5)
    assert loaded is not None
    assert weights_digest(model_tensors(loaded.tensors)) == run.digest
    run.do("edit_weight", **{**EDIT, "value": old})
    assert run.digest == before


def test_changes_in_a_row_are_validated_once_and_before_anything_else() -> None:
    run = Driven(run_spec()).to(5)
    seen = len(run.events)
    run.session.command(command("edit_weight", **EDIT))
    run.session.command(command("silence", node="conv1", unit=2))
    said = [event.type for event in run.events][seen:]
    assert "validation" not in said
    run.to(6)
    said = [event.type for event in run.events][seen:]
    assert said.count("validation") == 1
    assert said.index("validation") == said.index("command") + 2
    assert run.of("validation")[-1].step == 5
    seen = len(run.of("validation"))
    run.session.settle()
    assert len(run.of("validation")) == seen


def test_a_reset_keeps_what_is_frozen_and_silenced(tmp_path: Path) -> None:
    run = Driven(run_spec(), tmp_path)
    run.to(4).do("freeze", node="conv1").do("unfreeze", node="conv1", unit=2)
    run.do("silence", node="pool1", unit=0).to(6).do("rewind", step=0)
    settings = run.session.trainer.settings
    assert settings.frozen["conv1"].all_of(4) == (0, 1, 3)
    assert settings.silenced["pool1"].units == (0,)
    assert run.digest == digest(trainer_of(run_spec()))


def test_marks_are_the_same_once_or_twice() -> None:
    once = marked({}, "conv1", 3, on=True)
    assert marked(once, "conv1", 3, on=True) == once
    assert marked(once, "conv1", 3, on=False) == {}
    whole = marked(once, "conv1", None, on=True)
    one = marked(whole, "conv1", 1, on=False)
    assert one["conv1"].all_of(4) == (0, 2, 3)
    assert marked(one, "conv1", 1, on=False) == one
    assert marked(one, "conv1", None, on=False) == {}


@pytest.mark.parametrize(
    ("kind", "fields", "code", "pointer"),
    [
        ("edit_weight", {**EDIT, "node": "nothing"}, "not_found", "/node"),
        ("edit_weight", {**EDIT, "tensor": "kernel"}, "no_such_weight", "/tensor"),
        ("edit_weight", {**EDIT, "index": [4, 0, 1, 1]}, "no_such_weight", "/index"),
        ("edit_weight", {**EDIT, "index": [1, 0]}, "no_such_weight", "/index"),
        ("edit_weight", {**EDIT, "node": "relu1"}, "no_such_weight", "/tensor"),
        ("freeze", {"node": "relu1"}, "nothing_to_freeze", "/node"),
        ("freeze", {"node": "conv1", "unit": 4}, "no_such_unit", "/unit"),
        ("silence", {"node": "nothing"}, "not_found", "/node"),
        ("silence", {"node": "fc1", "unit": 10}, "no_such_unit", "/unit"),
    ],
)
def test_what_is_not_there_is_refused_and_changes_nothing(
    kind: str, fields: dict[str, Any], code: str, pointer: str
) -> None:
    run = Driven(run_spec())
    before = run.digest
    with pytest.raises(GlassnetError) as caught:
        run.do(kind, **fields)
    problem = caught.value.problem()
    assert (problem.code, problem.pointer) == (code, pointer)
    assert problem.message.en != problem.message.zh
    assert run.digest == before
    assert not run.session.log


def test_one_shared_slope_belongs_to_no_unit() -> None:
    run = Driven(
        run_spec(
            [
                {"type": "conv2d"},
                {"type": "prelu", "shared": True},
                {"type": "flatten"},
                {"type": "dense", "units": 10},
            ]
        )
    )
    with pytest.raises(GlassnetError) as caught:
        run.do("freeze", node="prelu1", unit=0)
    assert caught.value.problem().code == "parameters_shared"
    run.do("freeze", node="prelu1")


def test_a_sequence_is_marked_as_a_whole() -> None:
    """Of its single units, ``test_silent_units.py``."""
    layers: Layers = [
        {"type": "rows"},
        {"type": "lstm", "units": 6},
        {"type": "tanh"},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    run = Driven(run_spec(layers))
    before = state(run.session.trainer)
    run.do("freeze", node="lstm1")
    run.do("silence", node="tanh1")
    run.to(2)
    after = run.session.trainer.state()
    for name, value in before.items():
        if name.startswith("model.lstm1."):
            assert torch.equal(after[name], value), name
    x = run.session.trainer.data.val.inputs(run.session.trainer.data.val.rows[:4])
    assert not bool(run.session.trainer.network.forward_all(x)["tanh1"].any())

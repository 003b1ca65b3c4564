"""Single units of sequences silenced and frozen: nobody hears a silent one, its own next step included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.layers import Layer
from app.engine.tracing.tracer import Tracer
from app.engine.trainer import Trainer
from app.features.generate.engine import generate
from app.features.generate.schema import Generated, GenerateWanted
from app.protocol.tracing import Cell, ExplainWanted, GradcheckWanted, Traced
from tests.catalog.strategies import fewer
from tests.engine.specs import ADAM, Driven, Layers, command, run_spec, trainer_of

KINDS: Layers = [
    {"type": "rnn", "units": 5},
    {"type": "rnn", "units": 5, "activation": "sigmoid", "bidirectional": True},
    {"type": "rnn", "units": 4, "activation": "relu", "layers": 2},
    {"type": "gru", "units": 5},
    {"type": "gru", "units": 3, "layers": 2, "bidirectional": True},
    {"type": "lstm", "units": 5},
    {"type": "lstm", "units": 3, "layers": 2, "bidirectional": True},
    {"type": "jordan", "units": 4, "outputs": 5},
    {"type": "banded_rnn", "units": 5, "reach": 2},
]
each_kind = pytest.mark.parametrize(
    "layer", KINDS, ids=lambda one: "-".join(map(str, one.values()))
)
Cells = dict[str, torch.Tensor]


def over_rows(layer: dict[str, Any]) -> Layers:
    """A picture read row by row."""
    return [{"type": "rows"}, layer, {"type": "mean_over_time"}, {"type": "dense", "units": 10}]


def sigmoid(u: torch.Tensor) -> torch.Tensor:
    return 1.0 / (1.0 + torch.exp(-u))


PHI = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": sigmoid}


def cell(
    layer: Layer, weights: list[torch.Tensor], x: torch.Tensor, h: torch.Tensor, c: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """One step by the textbook: the output and the cell of an LSTM."""
    w_ih, w_hh, b_ih, b_hh = weights
    u, v = x @ w_ih.T + b_ih, h @ w_hh.T + b_hh
    if layer.kind() == "rnn":
        return PHI[str(getattr(layer, "activation"))](u + v), c  # noqa: B009
    if layer.kind() == "lstm":
        i, f, g, o = (u + v).chunk(4, 1)
        c = sigmoid(f) * c + sigmoid(i) * torch.tanh(g)
        return sigmoid(o) * torch.tanh(c), c
    (ur, uz, un), (vr, vz, vn) = u.chunk(3, 1), v.chunk(3, 1)
    z = sigmoid(uz + vz)
    return (1.0 - z) * torch.tanh(un + sigmoid(ur + vr) * vn) + z * h, c


def multiplied(layer: Layer, given: Cells, x: torch.Tensor, silent: set[int]) -> torch.Tensor:
    """The layer written out, the output of the silent units multiplied by 0 at every step."""
    layers, ways = layer.layers, ("", "_reverse")[: layer.directions]  # type: ignore[attr-defined]
    size = layer.units  # type: ignore[attr-defined]
    for k in range(layers):
        made = []
        for back, end in enumerate(ways):
            weights = [
                given[f"{n}_l{k}{end}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            loud = torch.ones(size, dtype=x.dtype)
            for unit in silent:
                if k == layers - 1 and unit // size == back:
                    loud[unit % size] = 0.0
            h = c = torch.zeros(len(x), size, dtype=x.dtype)
            steps: list[torch.Tensor] = []
            for t in range(x.shape[1])[:: -1 if back else 1]:
                h, c = cell(layer, weights, x[:, t], h, c)
                h = h * loud
                steps.append(h)
            made.append(torch.stack(steps[:: -1 if back else 1], 1))
        x = torch.cat(made, 2)
    return x


def chapters(kind: str, p: Cells, x: torch.Tensor, silent: set[int]) -> torch.Tensor:
    """Jordan's network and the banded layer, written out in the same way."""
    count = len(p["c"]) if kind == "jordan" else len(p["b"])
    loud = torch.ones(count, dtype=x.dtype)
    loud[sorted(silent)] = 0.0
    o, steps = torch.zeros(len(x), count, dtype=x.dtype), []
    for t in range(x.shape[1]):
        if kind == "jordan":
            s = torch.tanh(x[:, t] @ p["U"].T + o @ p["W"].T + p["b"])
            o = torch.tanh(s @ p["V"].T + p["c"])
        else:
            o = torch.tanh(x[:, t] @ p["U"].T + o @ p["W"].T + p["b"])
        o = o * loud
        steps.append(o)
    return torch.stack(steps, 1)


def expected(
    trainer: Trainer, name: str, x: torch.Tensor, silent: set[int]
) -> tuple[torch.Tensor, Cells]:
    """The output and the gradients of Σ output·(1, 2, …), both written out."""
    layer = trainer.network.layers[name]
    module: Any = trainer.network.node(name)
    given = {n: p.detach().clone().requires_grad_() for n, p in module.named_parameters()}
    used = dict(given)
    if layer.kind() == "banded_rnn":
        full = torch.zeros(25, dtype=x.dtype).index_put(
            (torch.tensor(module.places),), given["band"]
        )
        used["W"] = full.view(5, 5)
    if layer.kind() in ("jordan", "banded_rnn"):
        made = chapters(layer.kind(), used, x, silent)
    else:
        made = multiplied(layer, used, x, silent)
    return made.detach(), gradients(made, given)


def gradients(made: torch.Tensor, given: Cells) -> Cells:
    delta = torch.arange(1, made.numel() + 1, dtype=made.dtype).view_as(made) / made.numel()
    found: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
        (made * delta).sum(), list(given.values()), allow_unused=True
    )
    zeros = (torch.zeros_like(value) for value in given.values())
    return {
        name: zero if g is None else g for name, g, zero in zip(given, found, zeros, strict=True)
    }


@each_kind
@fewer(12)
@given(silent=st.sets(st.integers(0, 3), min_size=1, max_size=3), seed=st.integers(0, 999))
def test_nobody_hears_a_silent_unit(layer: dict[str, Any], silent: set[int], seed: int) -> None:
    """The kernel that trains and the form that is looked into, against a loop that multiplies by 0."""
    trainer = trainer_of(run_spec(over_rows(layer), seed=seed))
    network = trainer.network.double()
    name = network.order[1]
    for unit in silent:
        trainer.command(command("silence", node=name, unit=unit))
    module: Any = network.node(name)
    x = torch.rand(3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    made, wanted = expected(trainer, name, x, silent)
    forms = [module, *([module.stepwise] if hasattr(module, "stepwise") else [])]
    for form in forms:
        output = form(x)
        torch.testing.assert_close(output.detach(), made, rtol=0.0, atol=1e-12)
        found = gradients(output, dict(module.named_parameters()))
        for key, value in wanted.items():
            torch.testing.assert_close(found[key], value, rtol=0.0, atol=1e-11)


@each_kind
def test_a_state_carried_on_is_silent_too(layer: dict[str, Any]) -> None:
    """Cut in two, with the state handed over, it is one long sequence; restored, it speaks again."""
    if layer.get("bidirectional"):
        return
    trainer = trainer_of(run_spec(over_rows(layer)))
    name, x = trainer.network.order[1], torch.rand(2, 8, 8)
    module: Any = trainer.network.node(name)
    trainer.command(command("silence", node=name, unit=2))
    whole = module(x)
    _, middle = module.resume(x[:, :3], module.rest(x))
    torch.testing.assert_close(module(x[:, 3:], None, *middle), whole[:, 3:], rtol=0.0, atol=1e-6)
    place = -1 if middle[0].dim() == 3 else slice(None)
    assert not bool(middle[0][place][..., 2].any())
    trainer.command(command("restore", node=name, unit=2))
    assert bool(module(x)[:, :, 2].any())


def test_marks_of_time_follow_the_units_axis() -> None:
    """Behind the layer, too; a unit is one of the features, not a step."""
    trainer = trainer_of(run_spec([{"type": "rows"}, {"type": "lstm", "units": 12}, {"type": "tanh"},
                                   {"type": "last_step"}, {"type": "dense", "units": 10}]))  # fmt: skip
    trainer.command(command("silence", node="tanh1", unit=11))
    x = trainer.data.val.inputs(trainer.data.val.rows[:4])
    values = trainer.network.forward_all(x)
    silent = (values["tanh1"] == 0).flatten(0, 1).all(0)
    assert silent.tolist() == 11 * [False] + [True]
    assert bool(values["lstm1"].any(1).all())


def test_a_pointwise_layer_on_a_sequence_has_its_units_behind_time() -> None:
    layers: Layers = [
        {"type": "tanh"},
        {"type": "gru", "units": 4},
        {"type": "last_step"},
        {"type": "dense", "units": 1},
    ]
    run = Driven(run_spec(layers, dataset={"type": "adding"}, loss={"type": "squared_error"}))
    run.do("silence", node="tanh1", unit=1)
    x = run.session.trainer.data.val.inputs(run.session.trainer.data.val.rows[:4])
    values = run.session.trainer.network.forward_all(x)["tanh1"]
    assert not bool(values[:, :, 1].any())
    assert bool(values[:, :, 0].any())


@each_kind
def test_a_frozen_unit_keeps_its_rows_and_others_learn(layer: dict[str, Any]) -> None:
    run = Driven(run_spec(over_rows(layer), optimizer=ADAM))
    trainer = run.session.trainer
    name, unit = trainer.network.order[1], 2
    own = trainer.network.layers[name].rows(unit, ((8, 8),))
    run.do("freeze", node=name, unit=unit)
    before = {n: p.detach().clone() for n, p in trainer.network.node(name).named_parameters()}
    run.to(3)
    for key, parameter in trainer.network.node(name).named_parameters():
        moved = parameter.detach() != before[key]
        if key in own:
            held = torch.zeros_like(moved)
            held.index_fill_(own[key].axis, torch.tensor(own[key].places), True)
            assert not bool((moved & held).any()), key
            assert bool((moved & ~held).any()), key
        else:
            assert bool(moved.any()), key


@each_kind
def test_the_rows_of_a_unit_are_the_weights_into_it(layer: dict[str, Any]) -> None:
    """At a single step, what its output depends on among the weights of its layer."""
    trainer = trainer_of(run_spec(over_rows(layer)))
    name = trainer.network.order[1]
    module: Any = trainer.network.node(name)
    x = torch.rand(3, 1, 8)
    start = tuple(torch.rand_like(s) for s in module.rest(x))
    given = dict(module.named_parameters())
    with torch.no_grad():
        for parameter in given.values():
            parameter.uniform_(0.1, 0.3)  # so that no ReLU is flat
    for unit in range(trainer.network.unit_count(name)):
        rows = trainer.network.layers[name].rows(unit, ((8, 8),))
        output, _ = module.resume(x, start)
        found = torch.autograd.grad(
            output[:, 0, unit].square().sum(), list(given.values()), allow_unused=True
        )
        for (key, parameter), gradient in zip(given.items(), found, strict=True):
            if key not in rows:
                continue
            held = torch.zeros(parameter.shape, dtype=torch.bool)
            held.index_fill_(rows[key].axis, torch.tensor(rows[key].places), True)
            assert gradient is not None
            assert torch.equal(gradient != 0, held), (key, unit)


@pytest.mark.parametrize("layer", [KINDS[0], KINDS[3], KINDS[5], KINDS[7]], ids=str)
def test_the_microscope_says_silence_where_it_is(layer: dict[str, Any]) -> None:
    run = Driven(run_spec(over_rows(layer)))
    name = run.session.trainer.network.order[1]
    run.do("silence", node=name, unit=3)
    tracer = Tracer(run.session)

    def explain(**fields: Any) -> Any:
        return tracer.explain(ExplainWanted(cell=Cell(**fields)))

    silent = explain(role="activation", node=name, sample=1, index=(4, 3))
    assert (silent.kind, silent.value) == ("silenced", 0.0)
    told = explain(role="activation", node=name, sample=1, time=4, index=(3,))
    assert float(told.value) == 0.0
    for fields in (
        {"role": "activation", "index": (4, 2)},
        {"role": "sensitivity", "index": (4, 2)},
        {"role": "activation", "time": 4, "index": (2,)},
        {"role": "sensitivity", "time": 4, "index": (2,)},
    ):
        found = explain(node=name, sample=1, **fields)
        assert abs(found.difference) <= 1e-9 * max(float(found.scale), 1e-12), fields
    tensor = "W" if layer["type"] == "jordan" else "weight_hh_l0"
    heard = explain(role="gradient", node=name, tensor=tensor, index=(1, 3))
    assert float(heard.value) == 0.0
    caption = tracer.operations(Traced()).operations[1].caption.en
    assert "Silenced units, whose output is 0: 3." in caption
    assert tracer.gradcheck(GradcheckWanted(entries=20, batch=2)).passed


WRITER: Layers = [
    {"type": "embedding", "size": 6},
    {"type": "gru", "units": 9},
    {"type": "dense_steps", "units": 35},
]


def test_a_text_is_written_on_as_it_is_read_at_once() -> None:
    """A silent unit stays silent from token to token."""
    trainer = trainer_of(run_spec(WRITER, dataset={"type": "own_text", "length": 10}))
    trainer.command(command("silence", node="gru1", unit=4))
    trainer.command(command("silence", node="embed1", unit=1))
    wanted = {"prompt": "Twinkle, ", "length": 12, "seed": 3}
    found: Generated = generate(trainer, 0, GenerateWanted.model_validate_json(json.dumps(wanted)))
    dataset = trainer.data.tokens
    assert dataset is not None
    trainer.network.mode(training=False)
    with torch.no_grad():
        ids = torch.tensor([dataset.ids("Twinkle, " + found.text)]).float()
        scores = trainer.network(ids)[0].double()
    scores[:, 0] = -torch.inf
    chances = scores.softmax(1)
    for k, written in enumerate(found.tokens):
        there = chances[8 + k, dataset.ids(written.token)[0]]
        assert written.probability == pytest.approx(float(there), abs=1e-6)


def test_a_replay_knows_the_silent_unit(tmp_path: Path) -> None:
    layers = over_rows({"type": "lstm", "units": 6, "layers": 2})
    straight = Driven(run_spec(layers)).to(2).do("silence", node="lstm1", unit=5).to(6)
    driven = Driven(run_spec(layers), tmp_path).to(2).do("silence", node="lstm1", unit=5).to(6)
    driven.do("rewind", step=3)
    assert driven.to(6).digest == straight.digest

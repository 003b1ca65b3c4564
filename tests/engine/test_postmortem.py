"""Twenty constructed explosions: the first tensor that broke is named, with its place, time and step.

What is expected is known from the construction, from the textbook's recursion in NumPy, or from a
bare loop with hooks on the fused modules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from app.engine.diagnosis import broken
from app.engine.trainer import Trainer
from app.protocol.commands import EditWeight
from app.protocol.postmortem import PostMortem
from app.spec.run import RunSpec
from tests.engine.specs import Driven, Layers, run_spec, trainer_of

HUGE = 3e38
ADDING = {"type": "adding", "length": 12, "samples": 200}
DENSE: Layers = [{"type": "flatten"}, {"type": "dense", "units": 8}, {"type": "dense", "units": 10}]
CNN: Layers = [
    {"type": "conv2d", "filters": 2, "kernel": 3},
    {"type": "relu"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]


def over_time(**layer: Any) -> Layers:
    return [{"units": 4, **layer}, {"type": "last_step"}, {"type": "dense", "units": 1}]


LSTM = over_time(type="lstm")
GRU = over_time(type="gru")
RNN = over_time(type="rnn")
STACKED = over_time(type="lstm", layers=2)
BOTH_WAYS = over_time(type="gru", bidirectional=True)


def spec(layers: Layers, rate: float = 0.01, **changes: Any) -> RunSpec:
    sequences = layers[0]["type"] not in ("flatten", "conv2d")
    usual: dict[str, Any] = {
        "optimizer": {"type": "sgd", "learning_rate": rate},
        "loss": {"type": "squared_error"},
        "batch_size": 32,
        "epochs": 10,
        **({"dataset": ADDING} if sequences else {}),
    }
    return run_spec(layers, **{**usual, **changes})


def write(driven: Driven, node: str, tensor: str, index: tuple[int, ...], value: float) -> None:
    """As by hand, but that no hand may write what is not finite."""
    made = EditWeight.model_construct(
        type="edit_weight", node=node, tensor=tensor, index=index, value=value
    )
    driven.session.command(made)


def told(driven: Driven) -> PostMortem:
    [note] = [one for one in driven.of("note") if one.code == "diverged"]
    found: PostMortem = note.post_mortem
    assert note.node == found.first.node
    assert note.params["step"] == found.first.step
    for said in (note.message.en, note.message.zh):
        assert str(found.first.step) in said
        assert found.first.tensor in said
    return found


@pytest.mark.parametrize(
    ("layers", "node", "tensor", "index", "gate", "stack", "reverse"),
    [
        (CNN, "conv1", "weight", (1, 0, 2, 0), None, None, None),
        (DENSE, "fc2", "bias", (7,), None, None, None),
        (LSTM, "lstm1", "weight_hh_l0", (6, 3), "f", 0, False),
        (LSTM, "lstm1", "weight_ih_l0", (13, 1), "o", 0, False),
        (LSTM, "lstm1", "bias_ih_l0", (9,), "g", 0, False),
        (STACKED, "lstm1", "weight_ih_l1", (2, 0), "i", 1, False),
        (GRU, "gru1", "weight_hh_l0", (5, 0), "z", 0, False),
        (BOTH_WAYS, "gru1", "weight_ih_l0_reverse", (11, 1), "n", 0, True),
        (RNN, "rnn1", "weight_hh_l0", (3, 3), None, 0, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_weight_that_is_not_finite(
    layers: Layers,
    node: str,
    tensor: str,
    index: tuple[int, ...],
    gate: str | None,
    stack: int | None,
    reverse: bool | None,
    tmp_path: Path,
) -> None:
    driven = Driven(spec(layers), tmp_path).to(5)
    write(driven, node, tensor, index, math.inf)
    first = told(driven.to(9)).first
    assert (first.step, first.node, first.what) == (6, node, "parameter")
    assert (first.tensor, first.index, first.value) == (tensor, index, math.inf)
    assert (first.gate, first.stack, first.reverse) == (gate, stack, reverse)


def test_a_dense_layer_that_overflows(tmp_path: Path) -> None:
    driven = Driven(spec(DENSE), tmp_path).to(3)
    trainer = driven.session.trainer
    x = trainer.data.train.inputs(trainer.data.train.rows[trainer.next_batch()]).flatten(1)
    pixel = int(x.mean(0).argmax())
    for k in (pixel, int(x.mean(0).argsort()[-2])):
        write(driven, "fc1", "weight", (2, k), HUGE)
    first = told(driven.to(8)).first
    assert (first.step, first.node, first.what) == (4, "fc1", "activation")
    assert first.index[1] == 2


def test_a_convolution_that_overflows(tmp_path: Path) -> None:
    driven = Driven(spec(CNN), tmp_path)
    for k in range(9):
        write(driven, "conv1", "weight", (0, 0, k // 3, k % 3), HUGE)
    first = told(driven.to(4)).first
    assert (first.step, first.node, first.what) == (1, "conv1", "activation")
    assert first.index[1] == 0


def test_a_state_that_grows_until_it_overflows(tmp_path: Path) -> None:
    """s_t = ReLU(U x_t + W s_{t−1} + b) in NumPy's float32 says when."""
    layers = over_time(type="rnn", activation="relu")
    driven = Driven(spec(layers), tmp_path).to(2)
    write(driven, "rnn1", "weight_hh_l0", (1, 1), 1e8)
    write(driven, "rnn1", "bias_ih_l0", (1,), 1.0)
    trainer = driven.session.trainer
    w = {name: value.clone().numpy() for name, value in trainer.network.state_dict().items()}
    x = trainer.coming()[0].numpy()
    state, time = np.zeros((len(x), 4), np.float32), -1
    with np.errstate(over="ignore", invalid="ignore"):
        while np.isfinite(state).all():
            time += 1
            u = x[:, time] @ w["rnn1.weight_ih_l0"].T + w["rnn1.bias_ih_l0"]
            state = np.maximum(
                u + state @ w["rnn1.weight_hh_l0"].T + w["rnn1.bias_hh_l0"], np.float32(0)
            )
    first = told(driven.to(6)).first
    assert (first.step, first.node, first.what, first.gate) == (3, "rnn1", "activation", "s")
    assert (first.time, first.times) == (time, 12)
    assert 0 < time < 11


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_an_error_that_explodes_on_its_way_back(kind: str, tmp_path: Path) -> None:
    """Nothing goes in and every state is 0, so that the pass is finite; δ is multiplied by W at every
    step back: for the RNN by Wᵀ, for the LSTM by W_gᵀ i = W_gᵀ/2 on the way of h (f keeps half of c),
    for the GRU by W_nᵀ r (1 − z) + z = W_nᵀ/4 + 1/2."""
    rate, size = 1e6, 2
    driven = Driven(spec(over_time(type=kind, units=size)), tmp_path).to(1)
    node, trainer = f"{kind}1", driven.session.trainer
    for name, value in trainer.network.node(node).named_parameters():
        for index in np.ndindex(*value.shape):
            write(driven, node, name, index, 0.0)
    block = {"rnn": 0, "lstm": 2, "gru": 2}[kind] * size
    for k in range(size):
        write(driven, node, "weight_hh_l0", (block + k, k), rate)
    x, wanted, _ = trainer.coming()
    network = trainer.network
    output = network.node("fc1").get_parameter("weight").detach().numpy().astype(np.float64)
    error = (
        2.0 / len(x) * (network.node("fc1").get_parameter("bias").detach().numpy() - wanted.numpy())
    )
    h, c, time = error @ output, np.zeros((len(x), size)), x.shape[1] - 1
    while True:
        # h is the whole of what arrives at the state of this time step
        if np.abs(h).max() > np.finfo(np.float32).max:
            break
        if kind == "rnn":
            h = h * rate
        elif kind == "lstm":
            c = c + h / 2
            h, c = rate * c / 2, c / 2
        else:
            h = rate * h / 4 + h / 2
        time -= 1
    first = told(driven.to(4)).first
    assert (first.step, first.node, first.what) == (2, node, "sensitivity")
    assert first.gate == ("s" if kind == "rnn" else "h")
    assert first.time == time
    assert 0 < time < 11


def test_a_number_in_the_data(tmp_path: Path) -> None:
    driven = Driven(spec(LSTM), tmp_path).to(1)
    trainer = driven.session.trainer
    row = int(trainer.next_batch()[5])
    trainer.data.train.inputs(trainer.data.train.rows)[row, 7, 1] = math.nan
    first = told(driven.to(4)).first
    assert (first.step, first.node, first.what) == (2, "input", "input")
    assert (first.time, first.index) == (7, (5, 7, 1))
    assert math.isnan(first.value)


def test_a_division_by_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers: Layers = [
        {"type": "flatten"},
        {"type": "dense", "units": 8},
        {"type": "tanh"},
        {"type": "dense", "units": 10},
    ]
    driven = Driven(spec(layers), tmp_path)

    def divide(self: nn.Tanh, u: torch.Tensor) -> torch.Tensor:
        return u / (u - u)

    monkeypatch.setattr(nn.Tanh, "forward", divide)
    first = told(driven.to(3)).first
    assert (first.step, first.node, first.what) == (1, "tanh1", "activation")


def test_an_update_that_overflows(tmp_path: Path) -> None:
    """w ← w − η (∂E/∂w + λ w) with ηλ = 10 turns 3·10³⁸ into −∞; its input is 0 for every sample."""
    optimizer = {"type": "sgd", "learning_rate": 100.0, "weight_decay": 0.1}
    driven = Driven(spec(DENSE, optimizer=optimizer), tmp_path)
    rows = driven.session.trainer.data.train.rows
    pixel = int((rows == 0).all(0).nonzero()[0])
    write(driven, "fc1", "weight", (3, pixel), HUGE)
    first = told(driven.to(2)).first
    assert (first.step, first.node, first.what) == (1, "fc1", "update")
    assert (first.tensor, first.index, first.value) == ("weight", (3, pixel), -math.inf)


def by_hooks(trainer: Trainer) -> tuple[int, str, str]:
    """(step, node, what) of the first tensor that breaks, from hooks on the modules that train."""
    seen: list[tuple[str, str]] = []

    def noting(name: str, what: str) -> Callable[[torch.Tensor], None]:
        def note(gradient: torch.Tensor) -> None:
            if broken(gradient):
                seen.append((name, what))

        return note

    def watch(name: str) -> None:
        def after(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
            if broken(output.detach()):
                seen.append((name, "activation"))
            elif output.requires_grad:
                output.register_hook(noting(name, "sensitivity"))  # type: ignore[no-untyped-call]

        trainer.network.node(name).register_forward_hook(after)
        for parameter in trainer.network.node(name).parameters():
            parameter.register_hook(noting(name, "gradient"))  # type: ignore[no-untyped-call]

    for name in trainer.network.order:
        watch(name)
    for _ in range(2000):
        trainer.step()
        (point,) = trainer.meter.read()
        if seen and seen[0][1] == "activation":
            return trainer.cursor.step, *seen[0]
        if not math.isfinite(point.loss):
            return trainer.cursor.step, trainer.network.output, "loss"
        if seen:
            return trainer.cursor.step, *seen[0]
        for name, parameter in trainer.network.named_parameters():
            if broken(parameter.detach()):
                return trainer.cursor.step, name.partition(".")[0], "update"
    raise AssertionError("nothing broke")


@pytest.mark.parametrize(
    ("layers", "rate"),
    [
        (DENSE, 20.0),
        (CNN, 50.0),
        (RNN, 100.0),
        (LSTM, 100.0),
        (over_time(type="rnn", activation="relu"), 3.0),
    ],
    ids=["dense", "cnn", "rnn", "lstm", "relu-rnn"],
)
def test_too_large_a_learning_rate(layers: Layers, rate: float, tmp_path: Path) -> None:
    wanted = spec(layers, rate)
    expected = by_hooks(trainer_of(wanted))
    driven = Driven(wanted, tmp_path).do("play")
    found = told(driven)
    first = found.first
    assert (first.step, first.node, first.what) == expected
    assert found.learning_rate == pytest.approx(rate / 10)
    growth = found.growth
    assert growth.steps[-1] == first.step
    assert growth.steps == tuple(range(growth.steps[0], first.step + 1))
    losses = [loss for event in driven.of("metrics") for loss in event.loss]
    if len(losses) == first.step:  # no point stands for several steps
        assert growth.loss[:-1] == tuple(losses[growth.steps[0] - 1 : first.step - 1])
    assert growth.gradient[-2] > 10 * growth.gradient[0]


def test_growth_good_step_and_threshold_lead_on(tmp_path: Path) -> None:
    """What is offered works: back to the good step, clipped, it trains on without an end."""
    driven = Driven(spec(LSTM), tmp_path).to(10)
    driven.do("set_optimizer", values={"learning_rate": 100.0}).do("play")
    found = told(driven)
    assert found.good == 10
    assert found.clip_norm is not None
    driven.do("rewind", step=found.good)
    driven.do("set_clipping", clip_norm=found.clip_norm)
    driven.do("set_optimizer", values={"learning_rate": 0.01}).to(60)
    assert [note.code for note in driven.of("note")] == ["rate_too_large", "diverged"]
    assert math.isfinite(driven.of("metrics")[-1].loss[-1])


def test_without_snapshots_it_is_replayed_from_the_start() -> None:
    driven = Driven(spec(LSTM, 100.0)).do("play")
    assert told(driven).good == 0

"""One unit of a recurrent layer over time against PyTorch's cells and the textbook's sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load

from app.engine.probes import Moment, Prober
from app.nn.feedback import Banded, Jordan
from app.nn.recurrent import Gru, Lstm, Rnn
from app.protocol.taps import TAP
from tests.engine.specs import run_spec, trainer_of

SIZES = st.integers(1, 5)


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


@settings(max_examples=12)
@given(SIZES, SIZES, SIZES, st.data())
def test_an_lstms_unit_obeys_the_cells_equations(
    steps: int, features: int, hidden: int, data: st.DataObject
) -> None:
    """Every gate from its own rows of the weights, c and h from the gates, as CHAPTER's LSTM has it."""
    module = Lstm(features, hidden).double()
    x = torch.randn(1, steps, features, dtype=torch.float64)
    with torch.no_grad():
        h = module(x)
        unit = data.draw(st.integers(0, hidden - 1))
        found = {k: v.numpy() for k, v in module.unit_over_time(unit, h, x).items()}
    w, u, b, c = (p.detach().numpy() for p in module.of_layer(0))
    state, cell = np.zeros(hidden), np.zeros(hidden)
    for t in range(steps):
        i, f, g, o = np.split(w @ x[0, t].numpy() + u @ state + b + c, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        state = sigmoid(o) * np.tanh(cell)
        wanted = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
        wanted |= {"c": cell, "h": state}
        assert set(found) == set(wanted)
        for name, value in wanted.items():
            assert abs(found[name][t] - value[unit]) < 1e-12


@settings(max_examples=15)
@given(SIZES, st.booleans(), st.integers(1, 2), st.sampled_from(["tanh", "relu", "sigmoid"]))
def test_the_parts_of_elmans_net_input_sum_to_it(
    steps: int, bidirectional: bool, layers: int, activation: str
) -> None:
    module = Rnn(3, 2, layers, activation, bidirectional=bidirectional).double()
    x = torch.randn(1, steps, 3, dtype=torch.float64)
    with torch.no_grad():
        h = module.stepwise(x)
        for unit in range(h.shape[2]):
            found = module.unit_over_time(unit, h, x)
            torch.testing.assert_close(found["Ux"] + found["Ws"] + found["b"], found["u"])
            torch.testing.assert_close(getattr(torch, activation)(found["u"]), found["s"])
            torch.testing.assert_close(found["s"], h[0, :, unit])


def test_grus_and_banded_units() -> None:
    gru, banded, x = Gru(2, 3), Banded(2, 4), torch.randn(1, 5, 2)
    with torch.no_grad():
        h = gru(x)
        found = gru.unit_over_time(1, h, x)
        before = torch.cat([torch.zeros(1), found["h"][:-1]])
        made = (1 - found["z"]) * found["n"] + found["z"] * before
        torch.testing.assert_close(made, h[0, :, 1])
        s = banded(x)
        found = banded.unit_over_time(2, s, x)
        torch.testing.assert_close(torch.tanh(found["u"]), s[0, :, 2])


def test_jordans_hidden_unit_and_output_of_the_same_number() -> None:
    """The chapter's equations step by step in NumPy; of fewer outputs than hidden units only the latter."""
    module = Jordan(2, 4, 3, "sigmoid", "softmax").double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    x = torch.randn(1, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    U, W, b, V, c = (p.detach().numpy() for p in module.parameters())
    with torch.no_grad():
        made = module(x)
        found = [module.unit_over_time(unit, made, x) for unit in range(4)]
    o = np.zeros(3)
    for t in range(5):
        ux, wo = U @ x[0, t].numpy(), W @ o
        s = sigmoid(ux + wo + b)
        v = V @ s + c
        o = np.exp(v) / np.exp(v).sum()
        hidden = {"Ux": ux, "Wo": wo, "b": b, "u": ux + wo + b, "s": s}
        output = {"Vs": V @ s, "c": c, "v": v, "o": o}
        for unit, series in enumerate(found):
            wanted = hidden if unit == 3 else hidden | output
            assert set(series) == set(wanted)
            for name, value in wanted.items():
                assert abs(float(series[name].detach()[t]) - value[unit]) < 1e-12
    assert (module.units(made), Banded(2, 4).units(torch.zeros(1, 5, 4))) == (4, 4)


def test_a_tap_shows_one_unit_in_full_precision() -> None:
    model: list[dict[str, Any]] = [
        {"type": "rows"},
        {"type": "lstm", "units": 5},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    trainer = trainer_of(run_spec(model, dataset={"type": "digits8"}))
    sample = {"kind": "stored", "index": 3}
    wanted = TAP.validate_python({"roles": ["unit"], "unit": 4, "sample": sample}, strict=False)
    tensors = load(Prober(trainer).frame(wanted, Moment("run", 0)))
    assert set(tensors) == {f"lstm1.unit_{name}" for name in "ifgoch"}
    x = trainer.network.node("rows1")(trainer.data.val.inputs(trainer.data.val.rows[3:4]))
    real = trainer.network.node("lstm1").gates(x)  # type: ignore[operator]
    np.testing.assert_array_equal(tensors["lstm1.unit_f"], real["f"][0, :, 4].detach().numpy())
    beyond = wanted.model_copy(update={"unit": 5})
    assert load(Prober(trainer).frame(beyond, Moment("run", 0))) == {}


@pytest.mark.parametrize("tap", [{"roles": ["unit"]}, {"unit": 1}, {"roles": ["gate", "unit"]}])
def test_the_role_unit_stands_alone_with_its_unit(tap: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TAP.validate_python(tap, strict=False)

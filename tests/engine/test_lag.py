"""The lag experiment: its numbers are those of a run and of the textbook's recursion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from app.engine.headless import train
from app.engine.lag import SAMPLES, experiment, parse_spec, reaching
from app.engine.trainer import Trainer
from app.protocol.events import Validation
from app.protocol.lag import LagFinding, LagNow
from app.spec.presets import presets

SMALL = {"lags": [10, 3], "cells": ["rnn", "lstm"], "steps": 40, "units": 8}


def findings(**spec: Any) -> list[LagFinding]:
    return [one for one in experiment(parse_spec(spec), Path()) if isinstance(one, LagFinding)]


def test_short_lags_come_first_and_each_is_announced() -> None:
    told = list(experiment(parse_spec(SMALL), Path()))
    found = [one for one in told if isinstance(one, LagFinding)]
    assert [(one.lag, one.cell) for one in found] == [
        *((3, cell) for cell in ("rnn", "lstm")),
        *((10, cell) for cell in ("rnn", "lstm")),
    ]
    assert isinstance(told[0], LagNow)
    assert told[0].step == 0
    for one in found:
        assert one.accuracy == one.curve[-1]
        assert one.error is None
        assert one.curve_steps[0] == 0
        assert one.curve_steps[-1] == one.steps <= 40
        assert (one.solved is None) == (one.curve[-1] < 0.99)
    rest = [one for one in experiment(parse_spec(SMALL), Path(), 3) if isinstance(one, LagFinding)]
    assert [one.model_copy(update={"seconds": 0.0}) for one in rest] == [
        one.model_copy(update={"seconds": 0.0}) for one in found[3:]
    ]


def test_the_curve_is_that_of_the_run_it_names() -> None:
    spec = parse_spec({"task": "adding", "cells": ["irnn"], "lags": [40], "steps": 63, "units": 4})
    (found,) = findings(**spec.model_dump(mode="json"))
    validations = [e for e in train(spec.run(40, "irnn"), Path()) if isinstance(e, Validation)]
    assert [found.curve[0], found.curve[-1]] == [one.loss for one in validations]
    assert found.accuracy is None
    assert found.error == found.curve[-1]


def test_the_gradient_at_the_first_step_is_the_textbooks() -> None:
    """δ_t = φ′(u_t) ∘ (∂E/∂s_t + Wᵀ δ_{t+1}); ∂E/∂x_t = Uᵀ δ_t, sample by sample in NumPy."""
    trainer = Trainer(parse_spec({"units": 5}).run(7, "rnn"), Path(), torch.device("cpu"))
    w = {k: v.double().numpy() for k, v in trainer.network.state_dict().items()}
    u, rec = w["rnn1.weight_ih_l0"], w["rnn1.weight_hh_l0"]
    bias = w["rnn1.bias_ih_l0"] + w["rnn1.bias_hh_l0"]
    split = trainer.data.val
    x = split.inputs(split.rows[:SAMPLES]).double().numpy()
    target = split.wanted(0, SAMPLES).numpy()
    states = [np.zeros((len(x), 5))]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ u.T + states[-1] @ rec.T + bias))
    score = states[-1] @ w["fc1.weight"].T + w["fc1.bias"]
    p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    back = (p - np.eye(4)[target]) @ w["fc1.weight"]
    norms = []
    for t in reversed(range(x.shape[1])):
        delta = (1.0 - states[t + 1] ** 2) * back
        norms.append(float(np.sqrt(np.square(delta @ u).sum(1).mean())))
        back = delta @ rec
    found = reaching(trainer)
    assert found.last == pytest.approx(norms[0], rel=1e-9)
    assert found.first == pytest.approx(norms[-1], rel=1e-9)
    assert found.share == pytest.approx(norms[-1] / norms[0], rel=1e-9)


def test_without_gates_the_gradient_fades_with_the_lag_and_the_identity_keeps_it() -> None:
    spec = parse_spec({"units": 16})
    share = {
        (lag, cell): reaching(Trainer(spec.run(lag, cell), Path(), torch.device("cpu"))).share
        for lag in (5, 50)
        for cell in spec.cells
    }
    assert share[50, "rnn"] < 1e-6 * share[5, "rnn"]
    assert 0.1 < float(share[50, "irnn"]) < 10
    assert share[50, "lstm"] > 1e6 * float(share[50, "rnn"])


def test_adding_over_fifty_steps_is_the_presets_own_run() -> None:
    spec = parse_spec({"task": "adding", "steps": 1575})
    known = {preset.id: preset.spec for preset in presets()}
    for cell in ("rnn", "lstm"):
        preset, run = known[f"adding_{cell}"], spec.run(50, cell)
        assert (run.model, run.training, run.seed) == (preset.model, preset.training, preset.seed)


@pytest.mark.parametrize(
    "change",
    [{"lags": [5, 5]}, {"cells": []}, {"lags": [1]}, {"cells": ["rnn", "rnn"]}, {"steps": 1e9}],
)
def test_what_makes_no_experiment_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_spec(change)


@pytest.mark.deep
def test_adding_over_fifty_steps_is_solved_by_the_lstm_alone() -> None:
    wanted = {"task": "adding", "cells": ["rnn", "lstm"], "lags": [50], "steps": 1575}
    rnn, lstm = findings(**wanted)
    assert lstm.error is not None
    assert lstm.error < 0.01
    assert rnn.error is not None
    assert rnn.error > 0.1
    assert rnn.solved is None


@pytest.mark.deep
def test_beyond_some_ten_steps_the_plain_network_guesses() -> None:
    found = {(one.lag, one.cell): one for one in findings(lags=[5, 10, 100])}
    for cell in ("rnn", "irnn", "gru", "lstm"):
        assert found[5, cell].solved is not None, cell
    plain = found[100, "rnn"].accuracy
    assert plain is not None
    assert plain < 0.4
    assert found[100, "irnn"].solved is not None
    assert found[100, "lstm"].solved is not None

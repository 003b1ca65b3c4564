"""Outputs that are NaN decide nothing: no class, no likeliest ones, no right answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.attributions import ATTRIBUTIONS
from app.engine.attribution import Question, attribute, subject_of
from app.engine.meter import UNDECIDED, classes_of, decide, hits
from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.sweep import sweep
from app.engine.trainer import Trainer
from app.protocol.attribution import NothingDecidedHere
from app.protocol.taps import GivenSample, StoredSample
from app.protocol.warp import Sweep
from tests.engine.specs import Layers, run_spec, trainer_of

DENSE: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
TAGGER: Layers = [
    {"type": "embedding", "size": 4},
    {"type": "gru", "units": 4},
    {"type": "dense_steps", "units": 12},
]
NAN, INF = float("nan"), float("inf")


def asked(trainer: Trainer, sample: Any) -> dict[str, Any]:
    return predict(trainer, Prober(trainer), sample, Moment("r", 0))[0]


def spoil(trainer: Trainer) -> None:
    """Weights as a diverged training leaves them."""
    with torch.no_grad():
        for parameter in trainer.parameters:
            parameter.fill_(NAN)
    trainer._evaluated = None


@given(
    rows=st.lists(
        st.lists(st.sampled_from([NAN, INF, -INF, -1.0, 0.0, 2.5]), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    ),
    single=st.booleans(),
)
def test_a_row_with_nan_decides_nothing(rows: list[list[float]], single: bool) -> None:
    values = np.array(rows)[:, :1] if single else np.array(rows)
    found = classes_of(torch.tensor(values))
    for row, label in zip(values, found, strict=True):
        if np.isnan(row).any():
            assert label is None
        else:
            assert label == (int(row[0] > 0) if single else int(row.argmax()))
    every = torch.tensor(values)[None]
    assert decide(every).shape == (1, len(rows))
    for label in range(-1, 3):
        right = hits(torch.tensor(values), torch.full((len(rows),), label))
        assert right.tolist() == [one == label for one in found]
    assert UNDECIDED < -1


@pytest.mark.parametrize("size", [3e38, NAN])
def test_a_prediction_of_nan_has_no_label(size: float) -> None:
    """Numbers so large that the sums of a layer are ∞ − ∞."""
    trainer = trainer_of(run_spec(DENSE))
    if np.isnan(size):
        spoil(trainer)
        size = 1.0
    else:
        with torch.no_grad():
            next(iter(trainer.parameters)).mul_(100.0)
    found = asked(trainer, GivenSample(values=(size, -size) * 32))
    assert "NaN" in found["outputs"]
    assert found["label"] is None
    assert asked(trainer_of(run_spec(DENSE)), GivenSample(values=(0.5,) * 64))["label"] is not None


def test_steps_of_nan_have_neither_class_nor_likeliest_ones() -> None:
    trainer = trainer_of(run_spec(TAGGER, dataset={"type": "part_of_speech"}))
    whole = asked(trainer, StoredSample(split="val", index=0))["steps"]
    assert all(step["top"] and step["label"] == step["top"][0][0] for step in whole)
    spoil(trainer)
    broken = asked(trainer, StoredSample(split="val", index=0))["steps"]
    assert len(broken) == len(whole)
    assert all(step["label"] is None and step["top"] == [] for step in broken)


@pytest.mark.parametrize(
    ("layers", "dataset"),
    [
        (DENSE, {"type": "digits8"}),
        (TAGGER, {"type": "part_of_speech"}),
        ([{"type": "dense", "units": 1}], {"type": "points_circle"}),
    ],
    ids=["classes", "steps", "one output"],
)
def test_nothing_of_it_is_counted_as_right(layers: Layers, dataset: dict[str, Any]) -> None:
    one = dataset["type"] == "points_circle"
    loss = {"type": "binary_cross_entropy" if one else "cross_entropy"}
    trainer = trainer_of(run_spec(layers, dataset=dataset, loss=loss, batch_size=20))
    spoil(trainer)
    loss_value, accuracy = trainer.evaluate()
    assert np.isnan(loss_value)
    assert accuracy == 0.0
    trainer.step()
    (point,) = trainer.read_metrics()
    assert point.hits == 0
    assert point.answers > 0


def test_a_movement_over_nan_decides_nothing() -> None:
    trainer = trainer_of(run_spec(DENSE))
    spoil(trainer)
    wanted = Sweep(axis="turn", low=-30.0, high=30.0, points=5)
    found = sweep(trainer, Prober(trainer), StoredSample(split="val", index=0), wanted)
    assert found["labels"] == [None] * 5


def test_an_attribution_to_the_decided_class_is_refused_where_there_is_none() -> None:
    trainer = trainer_of(run_spec(DENSE))
    spoil(trainer)
    sample = StoredSample(split="val", index=0)
    method = ATTRIBUTIONS.parts["saliency"]()
    for target in (None, 3):
        question = Question(spec=trainer.spec, method=method, target=target, step=0, branch=0)
        payload = subject_of(trainer, sample)
        if target is None:
            with pytest.raises(NothingDecidedHere):
                attribute(question, payload)
        else:
            attribute(question, payload)

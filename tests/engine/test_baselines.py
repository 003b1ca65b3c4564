"""Baselines against scikit-learn called by hand, on the very arrays that a run learns from."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.catalog.baselines import BASELINES
from app.engine.baselines import fit, parse_spec
from app.engine.data import Resident
from app.engine.device import resolve
from app.spec.run import RunSpec

DIGITS = {"type": "digits8"}
PLANE = {"type": "points_plane"}


def by_name(path: str, **options: Any) -> Any:
    """One of scikit-learn, imported late: it takes longer than all that is imported here."""
    module, name = path.split(".")
    return getattr(import_module(f"sklearn.{module}"), name)(**options)


def run_data(dataset: dict[str, Any]) -> Resident:
    """The data of a run, as its trainer holds them."""
    spec = RunSpec.model_validate(
        {
            "model": [{"type": "flatten"}, {"type": "dense", "units": 10}],
            "training": {"dataset": dataset, "phases": [{"loss": {"type": "squared_error"}}]},
        },
        strict=False,
    )
    return Resident(spec, Path(), resolve("cpu"), spec.training.dataset.targets)


def learnt(dataset: dict[str, Any], **baseline: Any) -> tuple[Any, Any]:
    return fit(parse_spec({"dataset": dataset, "baseline": baseline, "seed": 3}), Path())


@pytest.mark.parametrize(
    ("baseline", "by_hand"),
    [
        (
            {"type": "linear_svm", "penalty": 0.1},
            lambda: by_name("svm.LinearSVC", C=0.1, max_iter=1000, random_state=3),
        ),
        (
            {"type": "boosting", "rounds": 3, "leaves": 7},
            lambda: by_name(
                "ensemble.HistGradientBoostingClassifier",
                max_iter=3,
                max_leaf_nodes=7,
                learning_rate=0.2,
                early_stopping=False,
                random_state=3,
            ),
        ),
    ],
    ids=["linear_svm", "boosting"],
)
def test_classes_as_by_hand_on_the_split_of_a_run(baseline: dict[str, Any], by_hand: Any) -> None:
    estimator, result = learnt(DIGITS, **baseline)
    data = run_data(DIGITS)
    assert data.train.labels is not None
    assert data.val.labels is not None
    x, y = data.train.rows.numpy(), data.train.labels.numpy()
    val_x, val_y = data.val.rows.numpy(), data.val.labels.numpy()
    expected = by_hand().fit(x, y)
    np.testing.assert_array_equal(estimator.predict(val_x), expected.predict(val_x))
    assert result.accuracy == np.mean(expected.predict(val_x) == val_y)
    assert result.train_accuracy == np.mean(expected.predict(x) == y)
    assert (result.train_samples, result.val_samples, result.inputs) == (len(x), len(val_x), 64)
    assert result.error is result.train_error is None


@pytest.mark.parametrize(
    ("baseline", "by_hand"),
    [
        ({"type": "ridge", "penalty": 2.0}, lambda: by_name("linear_model.Ridge", alpha=2.0)),
        (
            {"type": "boosting_regression", "rounds": 5},
            lambda: by_name(
                "ensemble.HistGradientBoostingRegressor",
                max_iter=5,
                max_leaf_nodes=15,
                learning_rate=0.1,
                early_stopping=False,
                random_state=3,
            ),
        ),
    ],
    ids=["ridge", "boosting_regression"],
)
def test_numbers_as_by_hand(baseline: dict[str, Any], by_hand: Any) -> None:
    _, result = learnt(PLANE, **baseline)
    arrays = run_data(PLANE).arrays
    model = by_hand().fit(arrays.train_x, arrays.train_y[:, 0])
    off = model.predict(arrays.val_x) - arrays.val_y[:, 0]
    assert result.error == pytest.approx(np.sqrt(np.mean(off.astype(np.float64) ** 2)), rel=1e-5)
    assert result.accuracy is result.train_accuracy is None


def test_parameters_are_counted() -> None:
    assert learnt(DIGITS, type="linear_svm")[1].parameters == 10 * 64 + 10
    assert learnt({"type": "points_xor"}, type="linear_svm")[1].parameters == 2 + 1
    assert learnt(PLANE, type="ridge")[1].parameters == 2 + 1
    # stumps: one split (feature, threshold), two leaves, a tree a class and round, ten starts
    assert learnt(DIGITS, type="boosting", rounds=2, leaves=2)[1].parameters == 2 * 10 * 4 + 10


def test_fewer_samples_are_the_first_ones() -> None:
    spec = {"dataset": DIGITS, "baseline": {"type": "linear_svm"}, "samples": 200}
    estimator, result = fit(parse_spec(spec), Path())
    rows = run_data(DIGITS)
    assert rows.train.labels is not None
    expected = by_name("svm.LinearSVC", C=0.05, max_iter=1000, random_state=0)
    expected.fit(rows.train.rows.numpy()[:200], rows.train.labels.numpy()[:200])
    np.testing.assert_array_equal(estimator.coef_, expected.coef_)
    assert result.train_samples == 200


def test_an_end_without_convergence_is_said() -> None:
    assert not learnt(DIGITS, type="linear_svm", penalty=100.0, iterations=10)[1].converged
    assert learnt(DIGITS, type="linear_svm")[1].converged


def test_every_task_has_a_linear_model_and_trees() -> None:
    for task in ("classification", "regression"):
        groups = {part.GROUP.en for part in BASELINES.parts.values() if task in part.TASKS}
        assert groups == {"Linear models", "Trees"}

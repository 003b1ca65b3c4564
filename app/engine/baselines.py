"""Lets a baseline learn what a run learns: the same arrays, the same split, laid flat. No torch."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.protocol.baselines import BaselineResult
from app.spec.baseline import BaselineSpec


def flat(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples (N, *shape) as rows (N, D)."""
    return x.reshape(x.shape[0], -1)


def parse_spec(spec: Mapping[str, Any]) -> BaselineSpec:
    """A spec that came as data; raises pydantic's ValidationError."""
    return BaselineSpec.model_validate_json(json.dumps(spec))


def fit(spec: BaselineSpec, root: Path) -> tuple[Any, BaselineResult]:
    """The learnt estimator and its figures; raises DataMissing, MemoryError."""
    data = spec.dataset.load(root)
    x, y = flat(data.train_x)[: spec.samples], data.train_y[: spec.samples]
    estimator: Any = spec.baseline.build(spec.seed)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what did not converge is said by ``converged``
        estimator.fit(x, y)
    seconds = time.perf_counter() - began
    score = _accuracy if spec.dataset.TASK == "classification" else _error
    names = ("accuracy", "error") if score is _accuracy else ("error", "accuracy")
    figures: dict[str, float | None] = {
        names[0]: score(estimator, flat(data.val_x), data.val_y),
        f"train_{names[0]}": score(estimator, x, y),
        names[1]: None,
        f"train_{names[1]}": None,
    }
    return estimator, BaselineResult(
        **figures,
        parameters=spec.baseline.parameters(estimator),
        inputs=x.shape[1],
        train_samples=len(x),
        val_samples=len(data.val_x),
        seconds=seconds,
        converged=spec.baseline.converged(estimator),
        library=f"scikit-learn {version('scikit-learn')}",
    )


def _accuracy(estimator: Any, x: NDArray[np.float32], y: NDArray[Any]) -> float:
    return float(np.mean(estimator.predict(x) == y))


def _error(estimator: Any, x: NDArray[np.float32], y: NDArray[Any]) -> float:
    difference = estimator.predict(x).reshape(y.shape) - y
    return float(np.sqrt(np.mean(np.square(difference, dtype=np.float64))))

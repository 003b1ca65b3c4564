"""Gradient boosting of small decision trees, for numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.baselines._base import (
    TREES,
    Baseline,
    Estimator,
    Rows,
    Targets,
    iterations,
    leaves,
    shrinkage,
    tree_parameters,
)
from app.catalog.family import Formula
from app.core.text import text


class Columns:
    """A regressor for each target: ``make`` builds one, ``models`` are there once it has learnt."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.models: list[Any] = []

    def fit(self, x: Rows, y: Targets) -> Columns:
        """Each learns its own column of y (N, targets)."""
        self.models = [self._make().fit(x, column) for column in y.T]
        return self

    def predict(self, x: Rows) -> NDArray[Any]:
        """(N, targets)."""
        return np.stack([model.predict(x) for model in self.models], axis=1)


class BoostingRegression(Baseline):
    """A sum of small decision trees, each fitted to the errors that the trees before it leave.

    scikit-learn's HistGradientBoostingRegressor on the squared error, one for each target.
    Source: Friedman, 2001; Ke et al., 2017.
    """

    TITLE = text("Gradient boosting", "梯度提升")
    SUMMARY = text(
        "Adds up small decision trees, each of which is fitted to the errors left so far.",
        "把许多小决策树相加，每棵树拟合目前剩余的误差。",
    )
    DOC_ZH = (
        "许多小决策树之和，每棵树拟合之前各树留下的误差。\n\n"
        "即 scikit-learn 的 HistGradientBoostingRegressor，以平方误差为损失，每个目标一个。出处：Friedman，2001；Ke 等，2017。"
    )
    GROUP = TREES
    FORMULA = Formula(
        forward=r"y = c + \eta \sum_m h_m(x)",
        backward=r"h_m \approx t - y",
    )
    ALIASES = ("boosting", "gbdt", "trees", "提升树")
    EXAMPLES = ({"type": "boosting_regression"},)
    TASKS = frozenset({"regression"})

    type: Literal["boosting_regression"] = "boosting_regression"
    rounds: int = iterations(100)
    leaves: int = leaves(15)
    learning_rate: float = shrinkage(0.1)

    def build(self, seed: int) -> Estimator:
        from sklearn.ensemble import HistGradientBoostingRegressor

        def make() -> Any:
            return HistGradientBoostingRegressor(
                max_iter=self.rounds,
                max_leaf_nodes=self.leaves,
                learning_rate=self.learning_rate,
                early_stopping=False,
                random_state=seed,
            )

        return Columns(make)

    def parameters(self, estimator: Any) -> int:
        return sum(tree_parameters(model) for model in estimator.models)

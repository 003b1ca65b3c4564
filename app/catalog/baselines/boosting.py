"""Gradient boosting of small decision trees, for classes."""

from __future__ import annotations

from typing import Any, Literal

from app.catalog.baselines._base import (
    TREES,
    Baseline,
    Estimator,
    iterations,
    leaves,
    shrinkage,
    tree_parameters,
)
from app.catalog.family import Formula
from app.core.text import text


class Boosting(Baseline):
    """A sum of small decision trees, each fitted to what the trees before it still get wrong.

    scikit-learn's HistGradientBoostingClassifier on cross-entropy: inputs in 255 bins, one tree for
    each class and round (two classes share one). Source: Friedman, 2001; Ke et al., 2017.
    """

    TITLE = text("Gradient boosting", "梯度提升")
    SUMMARY = text(
        "Adds up small decision trees, each of which repairs what those before it got wrong.",
        "把许多小决策树相加，每棵树修正之前各树的错误。",
    )
    DOC_ZH = (
        "许多小决策树之和，每棵树拟合之前各树仍判错的部分。\n\n"
        "即 scikit-learn 的 HistGradientBoostingClassifier，以交叉熵为损失：输入分为 255 段，每类每轮一棵树（两类共用一棵）。出处：Friedman，2001；Ke 等，2017。"
    )
    GROUP = TREES
    FORMULA = Formula(
        forward=r"y_k = c_k + \eta \sum_m h_{m,k}(x),\quad \hat t = \arg\max_k y_k",
        backward=r"h_{m,k} \approx t_k - \mathrm{softmax}(y)_k",
    )
    ALIASES = ("梯度提升", "boosting", "gbdt", "trees", "提升树")
    EXAMPLES = ({"type": "boosting"},)
    TASKS = frozenset({"classification"})

    type: Literal["boosting"] = "boosting"
    rounds: int = iterations(40)
    leaves: int = leaves(15)
    learning_rate: float = shrinkage(0.2)

    def build(self, seed: int) -> Estimator:
        from sklearn.ensemble import HistGradientBoostingClassifier

        built: Estimator = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            max_leaf_nodes=self.leaves,
            learning_rate=self.learning_rate,
            early_stopping=False,
            random_state=seed,
        )
        return built

    def parameters(self, estimator: Any) -> int:
        return tree_parameters(estimator)

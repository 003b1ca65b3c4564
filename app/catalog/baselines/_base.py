"""What every baseline declares: its tasks, the estimator it builds, how its numbers are counted.

scikit-learn is imported inside ``build`` alone, which only a worker process calls.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from app.catalog.family import Part, option
from app.catalog.losses import Task
from app.core.numbers import TINY
from app.core.text import text

LINEAR = text("Linear models", "线性模型")
TREES = text("Trees", "决策树")
Rows = NDArray[np.float32]
Targets = NDArray[Any]


class Estimator(Protocol):
    """What of a scikit-learn estimator is used here."""

    def fit(self, x: Rows, y: Targets) -> Any: ...

    def predict(self, x: Rows) -> NDArray[Any]: ...


class Baseline(Part):
    """Learns the rows (N, D) of a data set, pictures laid flat, and knows nothing of neighbours."""

    TASKS: ClassVar[frozenset[Task]]

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {"tasks": sorted(cls.TASKS)}

    def build(self, seed: int) -> Estimator:
        """An estimator that has learnt nothing yet; ``seed`` decides its every draw."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def parameters(self, estimator: Any) -> int:
        """The numbers that the learnt ``estimator`` keeps in order to predict."""
        raise TypeError(f"{type(self).__name__} declares no parameters")

    def converged(self, estimator: Any) -> bool:
        """Whether learning ended by itself and not at its largest number of iterations."""
        return True


def linear_parameters(estimator: Any) -> int:
    """Weights and biases of a linear model."""
    return int(np.size(estimator.coef_) + np.size(estimator.intercept_))


def tree_parameters(estimator: Any) -> int:
    """Feature and threshold of every split and the value of every leaf, over all trees, and one
    starting value an output."""
    trees = [tree for round_ in estimator._predictors for tree in round_]
    leaves = sum(int(tree.get_n_leaf_nodes()) for tree in trees)
    splits = leaves - len(trees)
    return 2 * splits + leaves + int(np.size(estimator._baseline_prediction))


def iterations(default: int) -> Any:
    """Rounds of boosting."""
    return option(
        default,
        text("rounds", "轮数"),
        text(
            "Rounds of boosting; every round adds one tree for each class.",
            "提升的轮数；每轮为每个类别增加一棵树。",
        ),
        ge=1,
        le=200,
    )


def leaves(default: int) -> Any:
    """Size of a tree."""
    return option(
        default,
        text("leaves", "叶节点数"),
        text("Leaves of one tree at most.", "每棵树的叶节点数上限。"),
        ge=2,
        le=63,
    )


def shrinkage(default: float) -> Any:
    """How much of a tree's answer is added."""
    return option(
        default,
        text("learning rate η", "学习率 η"),
        text(
            "Share of a new tree's answer that is added to the sum.",
            "新树的输出加入总和的比例。",
        ),
        ge=TINY,
        le=1.0,
    )

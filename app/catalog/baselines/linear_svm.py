"""Linear support vector machine, one class against the rest."""

from __future__ import annotations

from typing import Any, Literal

from app.catalog.baselines._base import LINEAR, Baseline, Estimator, linear_parameters
from app.catalog.family import Formula, option
from app.core.numbers import TINY
from app.core.text import text


class LinearSvm(Baseline):
    """One weighted sum of the raw inputs for each class; the largest wins.

    scikit-learn's LinearSVC (liblinear): squared hinge loss, one class against the rest. Two classes
    share one sum, whose sign decides. Source: Cortes and Vapnik, 1995; Fan et al., 2008.
    """

    TITLE = text("Linear SVM", "线性支持向量机")
    SUMMARY = text(
        "Weighs the raw inputs once, without any hidden layer: it shows what is possible without learned features.",
        "只对原始输入加权一次，没有隐层：体现不学习特征时能达到的水平。",
    )
    DOC_ZH = (
        "每个类别取原始输入的一个加权和，最大的为预测。\n\n"
        "即 scikit-learn 的 LinearSVC（liblinear）：平方合页损失，一类对其余。两个类别共用一个和，由符号决定。出处：Cortes 与 Vapnik，1995；Fan 等，2008。"
    )
    GROUP = LINEAR
    FORMULA = Formula(
        forward=r"y_k = w_k \cdot x + b_k,\quad \hat t = \arg\max_k y_k",
        backward=r"\min_{w_k, b_k} \tfrac12 (\|w_k\|^2 + b_k^2) + C \sum_n \max(0,\, 1 - t_k^n y_k^n)^2",
    )
    ALIASES = ("svc", "support vector machine", "SVM")
    EXAMPLES = ({"type": "linear_svm"},)
    TASKS = frozenset({"classification"})

    type: Literal["linear_svm"] = "linear_svm"
    penalty: float = option(
        0.05,
        text("penalty C", "惩罚系数 C"),
        text(
            "Cost of mistakes relative to the size of the weights: a smaller C keeps the weights smaller.",
            "判错的代价相对于权值大小的比重；C 越小，权值越小，正则化越强。",
        ),
        ge=TINY,
        le=100.0,
    )
    iterations: int = option(
        1000,
        text("iterations", "迭代次数"),
        text("Passes over the samples at most.", "遍历样本的最多次数。"),
        ge=10,
        le=10_000,
    )

    def build(self, seed: int) -> Estimator:
        from sklearn.svm import LinearSVC

        built: Estimator = LinearSVC(C=self.penalty, max_iter=self.iterations, random_state=seed)
        return built

    def parameters(self, estimator: Any) -> int:
        return linear_parameters(estimator)

    def converged(self, estimator: Any) -> bool:
        return bool(estimator.n_iter_ < self.iterations)

"""Ridge regression."""

from __future__ import annotations

from typing import Any, Literal

from app.catalog.baselines._base import LINEAR, Baseline, Estimator, linear_parameters
from app.catalog.family import Formula, option
from app.core.text import text


class Ridge(Baseline):
    """One weighted sum of the raw inputs for each target, with small weights preferred.

    scikit-learn's Ridge: the exact minimum of the penalised squared error. Source: Hoerl and
    Kennard, 1970.
    """

    TITLE = text("Ridge regression", "岭回归")
    SUMMARY = text(
        "Fits one weighted sum of the raw inputs by least squares, without any hidden layer.",
        "用最小二乘拟合原始输入的一个加权和，没有隐层。",
    )
    DOC_ZH = (
        "每个目标取原始输入的一个加权和，偏好较小的权值。\n\n"
        "即 scikit-learn 的 Ridge：带惩罚的平方误差的精确极小值。出处：Hoerl 与 Kennard，1970。"
    )
    GROUP = LINEAR
    FORMULA = Formula(
        forward=r"y = W x + b",
        backward=r"\min_{W, b} \sum_n \|t^n - y^n\|^2 + \lambda \|W\|^2",
    )
    ALIASES = ("linear regression", "least squares", "线性回归", "最小二乘")
    EXAMPLES = ({"type": "ridge"},)
    TASKS = frozenset({"regression"})

    type: Literal["ridge"] = "ridge"
    penalty: float = option(
        1.0,
        text("penalty λ", "惩罚系数 λ"),
        text(
            "Strength of the pull towards small weights; 0 is plain least squares.",
            "把权值拉向零的强度；0 即普通最小二乘。",
        ),
        ge=0.0,
        le=1e6,
    )

    def build(self, seed: int) -> Estimator:
        from sklearn.linear_model import Ridge as Model

        built: Estimator = Model(alpha=self.penalty)
        return built

    def parameters(self, estimator: Any) -> int:
        return linear_parameters(estimator)

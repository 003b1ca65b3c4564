"""Multi-class hinge loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.family import Formula, option
from app.catalog.losses._base import Loss
from app.catalog.losses._targets import TWO_CLASSES, right_class
from app.catalog.plot import Reals
from app.core.numbers import TINY
from app.core.reach import Reach
from app.core.text import text

if TYPE_CHECKING:
    from app.catalog.losses._base import LossFunction


class Hinge(Loss):
    """Mean over classes and samples of max(0, margin − right score + other score).

    Takes raw outputs (N, classes), as torch.nn.MultiMarginLoss. Source: Crammer and Singer, 2001.
    """

    TITLE = text("Hinge", "合页损失")
    SUMMARY = text(
        "Asks the right class to beat every other by a margin, then is content (the loss of SVMs).",
        "要求正确类别的得分比其他类别高出一个间隔，达到后不再惩罚（支持向量机的损失）。",
    )
    DOC_ZH = (
        "对类别与样本取 max(0, 间隔 − 正确得分 + 其他得分) 的平均。\n\n"
        "输入为原始输出 (N, classes)，与 torch.nn.MultiMarginLoss 相同。出处：Crammer 与 Singer，2001。"
    )
    FORMULA = Formula(
        forward=r"E = \tfrac1c \sum_{k\ne t} \max(0,\, m - y_t + y_k)",
        backward=r"\delta_k = \tfrac1c [m - y_t + y_k > 0],\quad \delta_t = -\sum_{k\ne t} \delta_k",
    )
    ALIASES = ("svm", "margin", "支持向量机")
    EXAMPLES = ({"type": "hinge"},)
    TASKS = frozenset({"classification"})
    PER_STEP = True
    LIVE = frozenset({"margin"})
    PLOT_NOTE = TWO_CLASSES

    type: Literal["hinge"] = "hinge"
    margin: float = option(
        1.0,
        text("margin", "间隔"),
        text("By how much the right class must lead.", "正确类别的得分须领先的幅度。"),
        ge=TINY,
        le=100.0,
    )

    def suffices(self, reach: Reach) -> bool:
        """The right class must be able to win by more than the margin."""
        return reach[1] - reach[0] > self.margin

    def case(self, u: Reals) -> tuple[Reals, NDArray[np.int64]]:
        return right_class(u)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        lag = self.margin - u
        return np.maximum(lag, 0.0) / 2.0, np.where(lag > 0.0, -0.5, 0.0)

    def build(self) -> LossFunction:
        from torch import nn

        return nn.MultiMarginLoss(margin=self.margin)

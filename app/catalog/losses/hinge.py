"""Multi-class hinge loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.losses._base import Loss
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
    FORMULA = Formula(
        forward=r"E = \tfrac1c \sum_{k\ne t} \max(0,\, m - y_t + y_k)",
        backward=r"\delta_k = \tfrac1c [m - y_t + y_k > 0],\quad \delta_t = -\sum_{k\ne t} \delta_k",
    )
    ALIASES = ("svm", "margin", "支持向量机")
    EXAMPLES = ({"type": "hinge"},)
    TASKS = frozenset({"classification"})

    type: Literal["hinge"] = "hinge"
    margin: float = option(
        1.0,
        text("margin", "间隔"),
        text("Lead that is enough.", "足够的领先幅度。"),
        gt=0.0,
        le=100.0,
    )

    def build(self) -> LossFunction:
        from torch import nn

        return nn.MultiMarginLoss(margin=self.margin)

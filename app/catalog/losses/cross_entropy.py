"""Softmax with cross-entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.losses._base import Loss
from app.core.text import text

if TYPE_CHECKING:
    from app.catalog.losses._base import LossFunction


class CrossEntropy(Loss):
    """−ln of the softmax probability of the right class, averaged over the batch.

    Takes raw outputs (N, classes): the softmax is inside.
    """

    TITLE = text("Cross-entropy", "交叉熵")
    SUMMARY = text(
        "How surprised the network is by the right class. The softmax is inside the loss.",
        "网络对正确类别的“惊讶”程度。softmax 已包含在损失之中。",
    )
    FORMULA = Formula(
        forward=r"E = -\sum_k t_k \ln y_k,\quad y = \mathrm{softmax}(u)",
        backward=r"\delta^L = y - t",
    )
    ALIASES = ("softmax", "互熵损失", "log loss")
    EXAMPLES = ({"type": "cross_entropy"},)
    TASKS = frozenset({"classification"})
    READOUT = "softmax"

    type: Literal["cross_entropy"] = "cross_entropy"

    def build(self) -> LossFunction:
        from torch.nn import functional

        return functional.cross_entropy

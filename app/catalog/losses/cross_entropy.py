"""Softmax with cross-entropy."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.family import Formula, option
from app.catalog.losses._base import Loss
from app.catalog.losses._targets import TWO_CLASSES, right_class
from app.catalog.plot import Reals, sigmoid
from app.core.reach import Reach
from app.core.text import text

if TYPE_CHECKING:
    from app.catalog.losses._base import LossFunction


class CrossEntropy(Loss):
    """−ln of the softmax probability of the right class, averaged over the batch.

    Takes raw outputs (N, classes): the softmax is inside. With label smoothing ε the target is
    1 − ε + ε/c for the right class and ε/c for the c − 1 others. Source of the smoothing: Szegedy
    et al., CVPR 2016.
    """

    TITLE = text("Cross-entropy", "交叉熵")
    SUMMARY = text(
        "How surprised the network is by the right class. The softmax is inside the loss.",
        "网络对正确类别的“惊讶”程度。softmax 已包含在损失之中。",
    )
    DOC_ZH = (
        "正确类别的 softmax 概率取 −ln，对批次取平均。\n\n"
        "输入为原始输出 (N, classes)：softmax 已包含在内。采用标签平滑 ε 时，正确类别的目标为 1 − ε + ε/c，其余 c − 1 类各为 ε/c。平滑的出处：Szegedy 等，CVPR 2016。"
    )
    FORMULA = Formula(
        forward=r"E = -\sum_k t_k \ln y_k,\quad y = \mathrm{softmax}(u)",
        backward=r"\delta^L = y - t,\quad t_k = (1-\varepsilon)\,[k = \text{right}] + \tfrac{\varepsilon}{c}",
    )
    ALIASES = ("softmax", "互熵损失", "log loss", "label smoothing", "标签平滑")
    EXAMPLES = ({"type": "cross_entropy"},)
    TASKS = frozenset({"classification"})
    PER_STEP = True
    LIVE = frozenset({"label_smoothing"})
    READOUT = "softmax"
    PLOT_NOTE = TWO_CLASSES

    type: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = option(
        0.0,
        text("label smoothing ε", "标签平滑 ε"),
        text(
            "Share of the target that is spread evenly over all classes, so that no answer needs to "
            "be certain.",
            "将目标中这一比例平均分给所有类别，使预测不必绝对肯定。",
        ),
        ge=0.0,
        le=0.9,
    )

    def suffices(self, reach: Reach) -> bool:
        """The softmax inside looks at differences alone: they must be able to become large."""
        return reach[1] - reach[0] == inf

    def case(self, u: Reals) -> tuple[Reals, NDArray[np.int64]]:
        return right_class(u)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        wrong = self.label_smoothing / 2.0
        error = np.logaddexp(0.0, -u) + wrong * u
        return error, sigmoid(u) - 1.0 + wrong

    def build(self) -> LossFunction:
        from torch.nn import functional

        if self.label_smoothing == 0.0:
            return functional.cross_entropy
        return partial(functional.cross_entropy, label_smoothing=self.label_smoothing)

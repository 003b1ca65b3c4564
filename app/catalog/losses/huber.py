"""Huber loss: squared near zero, absolute far away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from app.catalog.family import Formula, option
from app.catalog.losses._base import Loss, Task
from app.catalog.losses._targets import ONE_NUMBER, as_numbers, number_outputs, towards_zero
from app.catalog.plot import Reals
from app.core.numbers import TINY
from app.core.text import text

if TYPE_CHECKING:
    import torch

    from app.catalog.losses._base import LossFunction


class Huber(Loss):
    """Mean over samples and outputs, as torch.nn.HuberLoss; targets as for the squared error.

    Source: Huber, Annals of Mathematical Statistics 35, 1964.
    """

    TITLE = text("Huber", "Huber 损失")
    SUMMARY = text(
        "Squared error for small misses, absolute error for large ones: outliers pull less.",
        "误差小时取平方，误差大时取绝对值：离群点影响较小。",
    )
    DOC_ZH = (
        "对样本与输出取平均，与 torch.nn.HuberLoss 相同；目标的编码同平方误差。\n\n"
        "出处：Huber，Annals of Mathematical Statistics 35，1964。"
    )
    FORMULA = Formula(
        forward=r"E = \tfrac12 e^2\ (|e|\le d),\quad d\,(|e|-\tfrac d2)\ (|e|>d),\quad e = y-t",
        backward=r"\delta = e\ (|e|\le d),\quad d\,\mathrm{sign}(e)\ (|e|>d)",
    )
    ALIASES = ("smooth l1", "robust", "稳健回归")
    EXAMPLES = ({"type": "huber"},)
    TASKS = frozenset({"classification", "regression", "reconstruction"})
    LIVE = frozenset({"threshold"})
    PLOT_NOTE = ONE_NUMBER

    type: Literal["huber"] = "huber"
    threshold: float = option(
        1.0,
        text("threshold d", "阈值 d"),
        text(
            "Size of the error beyond which the loss grows linearly instead of quadratically.",
            "误差超过此值后，损失由平方增长转为线性增长。",
        ),
        ge=TINY,
        le=100.0,
    )

    def output_sizes(self, task: Task, targets: int) -> tuple[int, ...]:
        return number_outputs(task, targets)

    def encode(self, target: torch.Tensor, outputs: int, targets: int) -> torch.Tensor:
        return as_numbers(target, outputs)

    def case(self, u: Reals) -> tuple[Reals, Reals]:
        return towards_zero(u)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        d = self.threshold
        error = np.where(np.abs(u) <= d, 0.5 * u**2, d * (np.abs(u) - 0.5 * d))
        return error, np.clip(u, -d, d)

    def summed(self, samples: int, outputs: int) -> float:
        return float(samples * outputs)

    def build(self) -> LossFunction:
        from torch import nn

        return nn.HuberLoss(delta=self.threshold)

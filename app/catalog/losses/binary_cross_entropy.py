"""Sigmoid with cross-entropy: every output a yes or no of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.family import Formula
from app.catalog.losses._base import Loss, Task
from app.catalog.losses._targets import number_outputs, one_hot
from app.catalog.plot import Reals, sigmoid
from app.core.reach import ANY, Reach
from app.core.text import text

if TYPE_CHECKING:
    import torch

    from app.catalog.losses._base import LossFunction


class BinaryCrossEntropy(Loss):
    """Cross-entropy of every output's sigmoid with a target of 0 or 1, mean over outputs and samples.

    Takes raw outputs (N, K), as torch.nn.BCEWithLogitsLoss. Two classes fit one output, the
    probability of the second class, or two; more classes have one output each, which need not
    sum to one.
    """

    TITLE = text("Binary cross-entropy", "二元交叉熵")
    SUMMARY = text(
        "Asks of every output alone: yes or no? The sigmoid is inside the loss.",
        "对每个输出单独提问：是还是否？sigmoid 已包含在损失之中。",
    )
    DOC_ZH = (
        "每个输出的 sigmoid 与目标 0 或 1 的交叉熵，对输出与样本取平均。\n\n"
        "输入为原始输出 (N, K)，与 torch.nn.BCEWithLogitsLoss 相同。两个类别可用一个输出（第二类的概率）或两个输出；类别更多时各占一个输出，其和不必为 1。"
    )
    FORMULA = Formula(
        forward=r"E = -\tfrac1c \sum_k \left(t_k \ln y_k + (1-t_k) \ln (1-y_k)\right),\quad y = \sigma(u)",
        backward=r"\delta^L = \tfrac1c (y - t)",
    )
    ALIASES = ("BCE", "logistic regression", "log loss", "sigmoid", "逻辑回归", "二分类")
    EXAMPLES = ({"type": "binary_cross_entropy"},)
    TASKS = frozenset({"classification", "reconstruction"})
    READOUT = "sigmoid"
    PLOT_NOTE = text("One output, the answer is yes.", "一个输出，目标为“是”。")

    type: Literal["binary_cross_entropy"] = "binary_cross_entropy"

    def output_sizes(self, task: Task, targets: int) -> tuple[int, ...]:
        return number_outputs(task, targets)

    def encode(self, target: torch.Tensor, outputs: int, targets: int) -> torch.Tensor:
        """One-hot rows, or a column of 0 and 1 for a single output."""
        return one_hot(target, 2)[:, 1:] if outputs == 1 else one_hot(target, outputs)

    def suffices(self, reach: Reach) -> bool:
        """A clear no is far below 0, a clear yes far above."""
        return reach == ANY

    def case(self, u: Reals) -> tuple[Reals, NDArray[np.int64]]:
        return u[:, None], np.ones(len(u), dtype=np.int64)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        return np.logaddexp(0.0, -u), sigmoid(u) - 1.0

    def summed(self, samples: int, outputs: int) -> float:
        return float(samples * outputs)

    def build(self) -> LossFunction:
        from torch.nn import functional

        return functional.binary_cross_entropy_with_logits

"""Squared error, as PyTorch's mean or as the chapter's half sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.losses._base import Loss, Task
from app.catalog.losses._targets import ONE_NUMBER, as_numbers, number_outputs, towards_zero
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch

    from app.catalog.losses._base import LossFunction


class SquaredError(Loss):
    """Squared distance to the target.

    Classes become one-hot targets (0 and 1); a single output for two classes gets −1 and +1.
    """

    TITLE = text("Squared error", "平方误差")
    SUMMARY = text("The squared distance between output and target.", "输出与目标之间距离的平方。")
    FORMULA = Formula(
        forward=r"E = \tfrac12 \sum_n \sum_k (t_k^n - y_k^n)^2",
        backward=r"\delta^L = \varphi'(u^L) \circ (y - t)",
    )
    DOC_ZH = (
        "与目标之间距离的平方。\n\n"
        "类别编码为独热目标（0 与 1）；两个类别共用一个输出时取 −1 与 +1。"
    )
    ALIASES = ("mse", "mean squared error", "均方误差", "平方误差代价函数")
    EXAMPLES = ({"type": "squared_error"},)
    TASKS = frozenset({"classification", "regression", "reconstruction"})
    PLOT_NOTE = ONE_NUMBER

    type: Literal["squared_error"] = "squared_error"
    form: Literal["mean", "half_sum"] = option(
        "mean",
        text("form", "形式"),
        text(
            "The mean over samples and outputs, as PyTorch has it, or ½ΣΣ, as the chapter has it.",
            "对样本与输出取平均（PyTorch 的做法），或 ½ΣΣ（教材的做法）。",
        ),
        labels={"mean": text("mean", "平均"), "half_sum": text("½ΣΣ", "½ΣΣ")},
    )

    def output_sizes(self, task: Task, targets: int) -> tuple[int, ...]:
        return number_outputs(task, targets)

    def encode(self, target: torch.Tensor, outputs: int, targets: int) -> torch.Tensor:
        return as_numbers(target, outputs)

    def case(self, u: Reals) -> tuple[Reals, Reals]:
        return towards_zero(u)

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        factor = 1.0 if self.form == "mean" else 0.5
        return factor * u**2, 2.0 * factor * u

    def summed(self, samples: int, outputs: int) -> float:
        return samples * outputs / 2.0 if self.form == "mean" else 1.0

    @property
    def sums(self) -> bool:
        return self.form == "half_sum"

    def build(self) -> LossFunction:
        from torch.nn import functional

        from app.nn.half_sum import half_sum

        return functional.mse_loss if self.form == "mean" else half_sum

"""Adam: a step size of its own for every weight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from app.catalog.family import Formula, option
from app.catalog.optimizers._base import Optimizer
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Adam(Optimizer):
    """Steps by the running mean of the gradient over the root of the running mean of its square.

    Source: Kingma and Ba, ICLR 2015; numbers as torch.optim.Adam has them.
    """

    TITLE = text("Adam", "Adam")
    SUMMARY = text(
        "Gives every weight a step size of its own, from the mean and spread of its gradients.",
        "按梯度的均值与离散程度，为每个权值定各自的步长。",
    )
    FORMULA = Formula(
        forward=r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; s \leftarrow \beta_2 s + (1-\beta_2) g^2,\;"
        r" w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    )
    ALIASES = ("adaptive moment", "自适应矩估计")
    EXAMPLES = ({"type": "adam", "learning_rate": 0.001},)
    LIVE = frozenset({"learning_rate", "beta1", "beta2", "epsilon", "weight_decay"})
    STATE_TENSORS = 2

    type: Literal["adam"] = "adam"
    learning_rate: float = option(
        0.001,
        text("learning rate η", "学习率 η"),
        text("Size of a step.", "每步的大小。"),
        ge=0.0,
        le=100.0,
    )
    beta1: float = option(
        0.9,
        text("β₁", "β₁"),
        text("Memory of the gradient's mean.", "梯度均值的记忆。"),
        ge=0.0,
        lt=1.0,
    )
    beta2: float = option(
        0.999,
        text("β₂", "β₂"),
        text("Memory of the gradient's square.", "梯度平方的记忆。"),
        ge=0.0,
        lt=1.0,
    )
    epsilon: float = option(
        1e-8,
        text("ε", "ε"),
        text("Keeps the divisor above zero.", "使除数不为零。"),
        gt=0.0,
        le=1.0,
    )
    weight_decay: float = option(
        0.0,
        text("weight decay λ", "权值衰减 λ"),
        text("Pulls every weight towards zero.", "把每个权值拉向零。"),
        ge=0.0,
        le=10.0,
    )

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.Adam(parameters, **self.options(), fused=True)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "betas": (self.beta1, self.beta2),
            "eps": self.epsilon,
            "weight_decay": self.weight_decay,
        }

"""Adam: a step size of its own for every weight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.optimizers._base import (
    OF_MEAN,
    OF_SQUARE,
    Optimizer,
    epsilon,
    learning_rate,
    memory,
    weight_decay,
)
from app.catalog.optimizers._moments import adam_rule
from app.catalog.optimizers._rule import Before, Rule
from app.catalog.plot import Reals
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
        "按梯度的均值与离散程度，为每个权值定各自的更新幅度。",
    )
    DOC_ZH = (
        "更新量为梯度的滑动平均除以梯度平方的滑动平均之根。\n\n"
        "出处：Kingma 与 Ba，ICLR 2015；数值与 torch.optim.Adam 相同。"
    )
    FORMULA = Formula(
        forward=r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; s \leftarrow \beta_2 s + (1-\beta_2) g^2,\;"
        r" w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    )
    ALIASES = ("权值衰减", "adaptive moment", "自适应矩估计")
    EXAMPLES = ({"type": "adam", "learning_rate": 0.001},)
    LIVE = frozenset({"learning_rate", "beta1", "beta2", "epsilon", "weight_decay"})
    STATE_TENSORS = 2

    type: Literal["adam"] = "adam"
    learning_rate: float = learning_rate(0.001)
    beta1: float = memory(0.9, "β₁", OF_MEAN)
    beta2: float = memory(0.999, "β₂", OF_SQUARE)
    epsilon: float = epsilon(1e-8)
    weight_decay: float = weight_decay()

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.Adam(parameters, **self.options(), fused=True)

    def rule(self, before: Before) -> Rule:
        return adam_rule(before, self.beta1, self.beta2, self.epsilon, decoupled=False)

    def path(self, gradients: Reals) -> Reals:
        w = m = s = 0.0
        found = []
        for t, gradient in enumerate(gradients.tolist(), 1):
            g = gradient + self.weight_decay * w
            m, s = self.beta1 * m + (1 - self.beta1) * g, self.beta2 * s + (1 - self.beta2) * g * g
            m_hat, s_hat = m / (1 - self.beta1**t), s / (1 - self.beta2**t)
            w -= self.learning_rate * m_hat / (s_hat**0.5 + self.epsilon)
            found.append(w)
        return np.array(found)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "betas": (self.beta1, self.beta2),
            "eps": self.epsilon,
            "weight_decay": self.weight_decay,
        }

"""AdamW: Adam with the weight decay outside the gradient."""

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


class AdamW(Optimizer):
    """Adam's step, and every weight shrunk by η·λ besides. Source: Loshchilov and Hutter, ICLR 2019.

    Numbers as torch.optim.AdamW has them.
    """

    TITLE = text("AdamW", "AdamW")
    SUMMARY = text(
        "Adam whose weight decay acts on the weights themselves, not through the gradient.",
        "权值衰减直接作用于权值、不经过梯度的 Adam。",
    )
    DOC_ZH = (
        "Adam 的更新量，另外每个权值按 η·λ 缩小。出处：Loshchilov 与 Hutter，ICLR 2019。\n\n"
        "数值与 torch.optim.AdamW 相同。"
    )
    FORMULA = Formula(
        forward=r"w \leftarrow (1-\eta\lambda)\,w - \eta \frac{\hat m}{\sqrt{\hat s} + \epsilon}"
    )
    ALIASES = (
        "decoupled weight decay",
        "权值衰减",
    )
    EXAMPLES = ({"type": "adamw", "learning_rate": 0.001},)
    LIVE = frozenset({"learning_rate", "beta1", "beta2", "epsilon", "weight_decay"})
    STATE_TENSORS = 2

    type: Literal["adamw"] = "adamw"
    learning_rate: float = learning_rate(0.001)
    beta1: float = memory(0.9, "β₁", OF_MEAN)
    beta2: float = memory(0.999, "β₂", OF_SQUARE)
    epsilon: float = epsilon(1e-8)
    weight_decay: float = weight_decay(0.01)

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.AdamW(parameters, **self.options(), fused=True)

    def rule(self, before: Before) -> Rule:
        return adam_rule(before, self.beta1, self.beta2, self.epsilon, decoupled=True)

    def path(self, gradients: Reals) -> Reals:
        w = m = s = 0.0
        found = []
        for t, g in enumerate(gradients.tolist(), 1):
            w *= 1 - self.learning_rate * self.weight_decay
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

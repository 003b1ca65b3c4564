"""Adagrad: steps shrink with all that a weight has seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.optimizers._base import Optimizer, epsilon, learning_rate, weight_decay
from app.catalog.optimizers._rule import (
    Before,
    Rule,
    decayed,
    downhill,
    remembered,
    setting,
    slope,
    squares,
    term,
    weight,
)
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


SUM = "sum"


class Adagrad(Optimizer):
    """w ← w − η g/(√Σg² + ε). Source: Duchi et al., JMLR 12, 2011; as torch.optim.Adagrad."""

    TITLE = text("Adagrad", "Adagrad")
    SUMMARY = text(
        "Divides every step by the root of all squared gradients so far: frequent ones slow down.",
        "每步除以历来梯度平方和的平方根：频繁更新的权值逐渐放慢。",
    )
    DOC_ZH = "w ← w − η g/(√Σg² + ε)。出处：Duchi 等，JMLR 12，2011；与 torch.optim.Adagrad 相同。"
    FORMULA = Formula(
        forward=r"s \leftarrow s + g^2,\quad w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}"
    )
    ALIASES = (
        "权值衰减",
        "adaptive",
        "自适应梯度",
    )
    EXAMPLES = ({"type": "adagrad", "learning_rate": 0.01},)
    LIVE = frozenset({"learning_rate", "epsilon", "weight_decay"})
    STATE_TENSORS = 1

    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = learning_rate(0.01)
    epsilon: float = epsilon(1e-10)
    weight_decay: float = weight_decay()

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.Adagrad(parameters, **self.options(), foreach=True)

    def rule(self, before: Before) -> Rule:
        each = decayed(before)
        seen = remembered("s", SUM, before)
        eta = downhill(before)
        divisor = math.sqrt(seen.number + each.number**2) + self.epsilon
        share = setting(r"\tfrac{1}{\sqrt{s'}+\epsilon}", 1.0 / divisor)
        state = (term(seen), *squares(before))
        return Rule((term(weight(before)), *slope(before, eta, share)), {SUM: state})

    def path(self, gradients: Reals) -> Reals:
        w = s = 0.0
        found = []
        for gradient in gradients.tolist():
            g = gradient + self.weight_decay * w
            s += g * g
            w -= self.learning_rate * g / (s**0.5 + self.epsilon)
            found.append(w)
        return np.array(found)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "eps": self.epsilon,
            "weight_decay": self.weight_decay,
        }

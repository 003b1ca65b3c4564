"""RMSprop: steps divided by the recent size of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from app.catalog.family import Formula
from app.catalog.optimizers._base import (
    OF_SQUARE,
    Optimizer,
    epsilon,
    learning_rate,
    memory,
    weight_decay,
)
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


SQUARE = "square_avg"


class RmsProp(Optimizer):
    """w ← w − η g/(√s + ε), s a running mean of g². Source: Tieleman and Hinton, 2012; as torch.optim.RMSprop."""

    TITLE = text("RMSprop", "RMSprop")
    SUMMARY = text(
        "Divides every step by the recent size of that weight's gradient.",
        "每步除以该权值近期梯度的大小。",
    )
    DOC_ZH = "w ← w − η g/(√s + ε)，s 为 g² 的滑动平均。出处：Tieleman 与 Hinton，2012；与 torch.optim.RMSprop 相同。"
    FORMULA = Formula(
        forward=r"s \leftarrow \alpha s + (1-\alpha) g^2,\quad w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}"
    )
    ALIASES = (
        "权值衰减",
        "adaptive",
        "均方根",
    )
    EXAMPLES = ({"type": "rmsprop", "learning_rate": 0.001},)
    LIVE = frozenset({"learning_rate", "alpha", "epsilon", "weight_decay"})
    STATE_TENSORS = 1

    type: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = learning_rate(0.001)
    alpha: float = memory(0.99, "α", OF_SQUARE)
    epsilon: float = epsilon(1e-8)
    weight_decay: float = weight_decay()

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.RMSprop(parameters, **self.options(), foreach=True)

    def rule(self, before: Before) -> Rule:
        each = decayed(before)
        square = remembered("s", SQUARE, before)
        new = self.alpha * square.number + (1.0 - self.alpha) * each.number**2
        eta = downhill(before)
        share = setting(r"\tfrac{1}{\sqrt{s'}+\epsilon}", 1.0 / (math.sqrt(new) + self.epsilon))
        state = (
            term(setting(r"\alpha", self.alpha), square),
            *squares(before, setting(r"(1-\alpha)", 1.0 - self.alpha)),
        )
        return Rule((term(weight(before)), *slope(before, eta, share)), {SQUARE: state})

    def path(self, gradients: Reals) -> Reals:
        w = s = 0.0
        found = []
        for gradient in gradients.tolist():
            g = gradient + self.weight_decay * w
            s = self.alpha * s + (1 - self.alpha) * g * g
            w -= self.learning_rate * g / (s**0.5 + self.epsilon)
            found.append(w)
        return np.array(found)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "alpha": self.alpha,
            "eps": self.epsilon,
            "weight_decay": self.weight_decay,
        }

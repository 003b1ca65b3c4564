"""RMSprop: steps divided by the recent size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from app.catalog.family import Formula, option
from app.catalog.optimizers._base import Optimizer
from app.core.text import text

if TYPE_CHECKING:
    import torch


class RmsProp(Optimizer):
    """w ← w − η g/(√s + ε), s a running mean of g². Source: Tieleman and Hinton, 2012; as torch.optim.RMSprop."""

    TITLE = text("RMSprop", "RMSprop")
    SUMMARY = text(
        "Divides every step by the recent size of that weight's gradient.",
        "每步除以该权值近期梯度的大小。",
    )
    FORMULA = Formula(
        forward=r"s \leftarrow \alpha s + (1-\alpha) g^2,\quad w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}"
    )
    ALIASES = (
        "adaptive",
        "均方根",
    )
    EXAMPLES = ({"type": "rmsprop", "learning_rate": 0.001},)
    LIVE = frozenset({"learning_rate", "alpha", "epsilon", "weight_decay"})
    STATE_TENSORS = 1

    type: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = option(
        0.001,
        text("learning rate η", "学习率 η"),
        text("Size of a step.", "每步的大小。"),
        ge=0.0,
        le=100.0,
    )
    alpha: float = option(
        0.99,
        text("α", "α"),
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

        return optim.RMSprop(parameters, **self.options(), foreach=True)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "alpha": self.alpha,
            "eps": self.epsilon,
            "weight_decay": self.weight_decay,
        }

"""Stochastic gradient descent, with momentum, Nesterov's variant and weight decay."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from app.catalog.family import Formula, option
from app.catalog.optimizers._base import Optimizer, weight_decay
from app.catalog.optimizers._rule import (
    Before,
    Rule,
    RuleTerm,
    downhill,
    remembered,
    setting,
    slope,
    term,
    weight,
)
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch


VELOCITY = "momentum_buffer"


class Sgd(Optimizer):
    """w ← w − η v with v ← μ v + (∂E/∂w + λ w), as torch.optim.SGD.

    Momentum (Polyak 1964) is μ > 0. Nesterov's variant (1983; Sutskever et al., ICML 2013) steps by
    g + μ v, where the momentum will have led.
    """

    TITLE = text("SGD", "随机梯度下降")
    SUMMARY = text(
        "Steps against the gradient of one batch; momentum keeps a part of the earlier steps.",
        "沿一个批次的负梯度方向更新；动量保留之前更新量的一部分。",
    )
    DOC_ZH = "w ← w − η v，v ← μ v + (∂E/∂w + λ w)，与 torch.optim.SGD 相同。"
    FORMULA = Formula(
        forward=r"v \leftarrow \mu v + \frac{\partial E}{\partial w} + \lambda w,\quad"
        r" w \leftarrow w - \eta v"
    )
    ALIASES = (
        "权值衰减",
        "权重衰减",
        "梯度截断",
        "梯度裁剪",
        "反向传播",
        "BP",
        "gradient descent",
        "momentum",
        "heavy ball",
        "nesterov",
        "NAG",
        "动量",
        "涅斯捷罗夫动量",
        "梯度下降",
    )
    EXAMPLES = (
        {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
        {"type": "sgd", "learning_rate": 0.1},
    )
    VARIANTS = (
        (text("SGD", "随机梯度下降"), {"momentum": 0.0, "nesterov": False}),
        (text("SGD with momentum", "动量 SGD"), {"momentum": 0.9, "nesterov": False}),
        (text("Nesterov momentum", "Nesterov 动量"), {"momentum": 0.9, "nesterov": True}),
    )
    LIVE = frozenset({"learning_rate", "momentum", "weight_decay", "nesterov"})
    STATE_TENSORS = 1

    type: Literal["sgd"] = "sgd"
    momentum: float = option(
        0.0,
        text("momentum μ", "动量 μ"),
        text("Share of the last step that is kept.", "保留上一步的比例。"),
        ge=0.0,
        le=0.999,
    )
    nesterov: bool = option(
        False,
        text("Nesterov", "Nesterov"),
        text("Look ahead along the momentum.", "沿动量方向先看一步。"),
    )
    weight_decay: float = weight_decay()

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        # What is smaller than any normal number is 0 to a worker: it flushes denormals.
        if self.nesterov and self.momentum < sys.float_info.min:
            raise ValueError("nesterov needs a momentum above 0")
        return self

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        from torch import optim

        return optim.SGD(parameters, **self.options(), fused=True)

    def rule(self, before: Before) -> Rule:
        eta, mu = downhill(before), setting(r"\mu", self.momentum)
        ahead = [setting(r"(1+\mu)", 1.0 + self.momentum)] if self.nesterov else []
        terms = [term(weight(before)), *slope(before, eta, *ahead)]
        if not self.momentum:
            return Rule(tuple(terms))
        kept: list[RuleTerm] = []
        if VELOCITY in before.state:
            velocity = remembered("v", VELOCITY, before)
            kept = [term(mu, velocity)]
            terms.append(term(eta, *([mu] if self.nesterov else []), mu, velocity))
        return Rule(tuple(terms), {VELOCITY: (*kept, *slope(before))})

    def path(self, gradients: Reals) -> Reals:
        w = v = 0.0
        found = []
        for gradient in gradients.tolist():
            g = gradient + self.weight_decay * w
            v = self.momentum * v + g
            w -= self.learning_rate * (g + self.momentum * v if self.nesterov else v)
            found.append(w)
        return np.array(found)

    def options(self) -> dict[str, Any]:
        return {
            "lr": self.learning_rate,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "weight_decay": self.weight_decay,
        }

"""The gain of an initialiser: how much larger weights start for the activation behind them.

No part of its own. The numbers are those of torch.nn.init.calculate_gain.
"""

from __future__ import annotations

from typing import Any, Literal

from app.catalog.family import option
from app.core.text import text

Nonlinearity = Literal["auto", "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
GAINS: dict[str, float] = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": 2.0**0.5,
    "leaky_relu": (2.0 / (1.0 + 0.01**2)) ** 0.5,
    "selu": 0.75,
}


def nonlinearity_option(default: Nonlinearity) -> Any:
    """Which activation the weights make up for."""
    return option(
        default,
        text("gain for", "增益依据"),
        text(
            "The activation that the weights make up for, with the gain of "
            "torch.nn.init.calculate_gain. “What follows” takes the one after the layer.",
            "权值所补偿的激励函数，增益同 torch.nn.init.calculate_gain。“后接的激励函数”即取该层之后的那个。",
        ),
        labels={
            "auto": text("what follows", "后接的激励函数"),
            "linear": text("none", "无"),
            "sigmoid": text("sigmoid", "S 型"),
            "tanh": text("tanh", "双曲正切"),
            "relu": text("ReLU", "修正线性"),
            "leaky_relu": text("leaky ReLU", "带泄漏的 ReLU"),
            "selu": text("SELU", "缩放 ELU"),
        },
    )


def gain_of(nonlinearity: Nonlinearity, follows: float) -> float:
    """The number; ``follows`` is the gain of the activation behind the layer."""
    return follows if nonlinearity == "auto" else GAINS[nonlinearity]

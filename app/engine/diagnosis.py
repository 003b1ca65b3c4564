"""Says where a training went wrong: the first layer whose numbers are not finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from app.core.text import Text, text
from app.engine.compile import Network
from app.spec.model import INPUT


@dataclass(frozen=True)
class Finding:
    """The first node with a number that is not finite, and whether it is a weight or an output."""

    node: str
    what: Literal["weight", "activation", "loss"]


def first_not_finite(network: Network, x: torch.Tensor) -> Finding:
    """Look at the weights, then at the outputs for the batch ``x``, first layer first."""
    for name in network.order:
        for tensor in network.node(name).parameters():
            if not bool(torch.isfinite(tensor).all()):
                return Finding(name, "weight")
    with torch.no_grad():
        for name, value in network.forward_all(x).items():
            if name != INPUT and not bool(torch.isfinite(value).all()):
                return Finding(name, "activation")
    return Finding(network.output, "loss")


_WHERE = {
    "weight": ("The weights of {node} are no longer finite.", "{node} 的权值已不是有限数。"),
    "activation": ("The output of {node} is no longer finite.", "{node} 的输出已不是有限数。"),
    "loss": ("The output of {node} has grown too large.", "{node} 的输出已过大。"),
}


def message(finding: Finding, step: int, rate: float, suggested: float) -> Text:
    """What happened, where, and what helps."""
    where_en, where_zh = (words.format(node=finding.node) for words in _WHERE[finding.what])
    return text(
        f"Training diverged at step {step}: the loss is not a finite number. {where_en} Go back "
        f"to an earlier step and try a smaller learning rate, {suggested:g} instead of {rate:g}.",
        f"训练在第 {step} 步发散：损失不再是有限数。{where_zh}"
        f"请回到较早的一步，并减小学习率：{suggested:g}（现为 {rate:g}）。",
    )


def finite(loss: torch.Tensor) -> bool:
    """Whether a loss () is a number."""
    return abs(float(loss.detach())) < float("inf")

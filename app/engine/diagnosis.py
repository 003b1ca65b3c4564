"""Notices where a training went wrong: the first layer whose numbers are not finite. How it came
about is told by a post-mortem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from app.core.text import Text, text
from app.engine.compile import Network
from app.spec.model import INPUT


@dataclass(frozen=True)
class Finding:
    """The first node with a number that is not finite, and whether it is a weight, a gradient or an output."""

    node: str
    what: Literal["weight", "gradient", "activation", "loss"]


def first_not_finite(network: Network, x: torch.Tensor) -> Finding:
    """Look at the weights, then at the outputs for the batch ``x``, first layer first."""
    for name in network.order:
        for tensor in network.node(name).parameters():
            if broken(tensor):
                return Finding(name, "weight")
    with torch.no_grad():
        for name, value in network.forward_all(x).items():
            if name != INPUT and broken(value):
                return Finding(name, "activation")
    return Finding(network.output, "loss")


def broken(tensor: torch.Tensor) -> bool:
    """Whether it holds a number that is not finite."""
    return not bool(torch.isfinite(tensor).all())


def sound(network: Network) -> bool:
    """Whether every parameter and gradient is finite: norms first, which at worst overflow."""
    listed = [p.detach() for p in network.parameters()]
    listed += [p.grad for p in network.parameters() if p.grad is not None]
    if not listed or bool(torch.isfinite(torch.stack(torch._foreach_norm(listed))).all()):
        return True
    return not any(broken(one) for one in listed)


def unsound(network: Network) -> Finding:
    """The last layer with a gradient that is not finite, else the first with such a weight."""
    for name in reversed(network.order):
        for parameter in network.node(name).parameters():
            if parameter.grad is not None and broken(parameter.grad):
                return Finding(name, "gradient")
    weights = [n for n in network.order if any(map(broken, network.node(n).parameters()))]
    return Finding(weights[0] if weights else network.output, "weight")


_WHERE = {
    "weight": ("The weights of {node} are no longer finite.", "{node} 的权值已不是有限数。"),
    "gradient": ("The gradient of {node} is no longer finite.", "{node} 的梯度已不是有限数。"),
    "activation": ("The output of {node} is no longer finite.", "{node} 的输出已不是有限数。"),
    "loss": ("The output of {node} has grown too large.", "{node} 的输出已过大。"),
}


def message(finding: Finding, step: int, rate: float, suggested: float) -> Text:
    """What happened, where, and what helps."""
    where_en, where_zh = (words.format(node=finding.node) for words in _WHERE[finding.what])
    return text(
        f"Training diverged at step {step}. {where_en} Go back "
        f"to an earlier step and try a smaller learning rate, {suggested:g} instead of {rate:g}.",
        f"训练在第 {step} 步发散。{where_zh}"
        f"请回到较早的一步，并减小学习率：{suggested:g}（现为 {rate:g}）。",
    )


def finite(loss: torch.Tensor) -> bool:
    """Whether a loss () is a number."""
    return abs(float(loss.detach())) < float("inf")

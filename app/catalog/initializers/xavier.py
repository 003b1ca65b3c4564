"""Xavier (Glorot) initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Xavier(Initializer):
    """Uniform with variance 2/(fan-in + fan-out). Source: Glorot and Bengio, AISTATS 2010."""

    TITLE = text("Xavier", "Xavier")
    SUMMARY = text(
        "Keeps the size of signals and gradients alike from layer to layer; made for sigmoid and tanh.",
        "使信号与梯度的大小逐层保持一致；适合 sigmoid 与 tanh。",
    )
    FORMULA = Formula(
        forward=r"w \sim U\!\left(-\sqrt{\tfrac{6}{n_{in}+n_{out}}}, \sqrt{\tfrac{6}{n_{in}+n_{out}}}\right)"
    )
    EXAMPLES = ({"type": "xavier"},)

    type: Literal["xavier"] = "xavier"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        bound = (6.0 / sum(fans(tensor))) ** 0.5
        tensor.uniform_(-bound, bound, generator=generator)

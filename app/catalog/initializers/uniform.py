"""Uniformly distributed weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.catalog.initializers._spread import Spread, uniform
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Uniform(Initializer):
    """Uniform in ±``bound``; bias 0."""

    TITLE = text("Uniform", "均匀分布")
    SUMMARY = text(
        "Evenly spread between −r and r.",
        "在 −r 与 r 之间均匀分布。",
    )
    DOC_ZH = "在 ±bound 内均匀分布；偏置为 0。"
    FORMULA = Formula(forward=r"w \sim U(-r, r)")
    EXAMPLES = ({"type": "uniform"},)

    type: Literal["uniform"] = "uniform"
    bound: float = option(
        0.1,
        text("bound r", "界 r"),
        text("Largest size of a weight.", "权值的最大绝对值。"),
        ge=0.0,
        le=10.0,
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.uniform_(-self.bound, self.bound, generator=generator)

    def spread(self, place: Place) -> Spread:
        return uniform(self.bound)

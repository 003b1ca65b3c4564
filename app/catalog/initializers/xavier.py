"""Xavier (Glorot) initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.catalog.initializers._gain import Nonlinearity, gain_of, nonlinearity_option
from app.catalog.initializers._spread import Spread, uniform
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Xavier(Initializer):
    """Uniform with variance 2g²/(fan-in + fan-out), g = 1 as it was made; bias 0. Source: Glorot and Bengio, AISTATS 2010."""

    TITLE = text("Xavier", "Xavier")
    SUMMARY = text(
        "Keeps the size of signals and gradients alike from layer to layer; made for sigmoid and tanh.",
        "使信号与梯度的大小逐层保持一致；适合 sigmoid 与 tanh。",
    )
    DOC_ZH = "均匀分布，方差 2g²/(扇入 + 扇出)，原始取 g = 1；偏置为 0。出处：Glorot 与 Bengio，AISTATS 2010。"
    FORMULA = Formula(forward=r"w \sim U(-r, r),\quad r = g\sqrt{\tfrac{6}{n_{in}+n_{out}}}")
    EXAMPLES = ({"type": "xavier"},)

    type: Literal["xavier"] = "xavier"
    nonlinearity: Nonlinearity = nonlinearity_option("linear")

    def _bound(self, fan_in: int, fan_out: int, gain: float) -> float:
        return float(gain_of(self.nonlinearity, gain) * (6.0 / (fan_in + fan_out)) ** 0.5)

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        bound = self._bound(*fans(tensor), gain)
        tensor.uniform_(-bound, bound, generator=generator)

    def spread(self, place: Place) -> Spread:
        return uniform(self._bound(place.fan_in, place.fan_out, place.gain))

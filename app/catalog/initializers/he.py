"""He (Kaiming) initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.catalog.initializers._gain import Nonlinearity, gain_of, nonlinearity_option
from app.catalog.initializers._spread import Spread, normal
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class He(Initializer):
    """Normal with variance g²/fan-in, g = √2 for ReLU; bias 0. Source: He et al., ICCV 2015."""

    TITLE = text("He", "He")
    SUMMARY = text(
        "Makes up for the half that ReLU cuts away.",
        "补偿 ReLU 截去的一半信号。",
    )
    DOC_ZH = "正态分布，方差 g²/扇入，ReLU 的 g = √2；偏置为 0。出处：He 等，ICCV 2015。"
    FORMULA = Formula(
        forward=r"w \sim N\!\left(0, \tfrac{g^2}{n_{in}}\right),\quad g_{\mathrm{ReLU}} = \sqrt 2"
    )
    EXAMPLES = ({"type": "he"},)

    type: Literal["he"] = "he"
    nonlinearity: Nonlinearity = nonlinearity_option("relu")

    def _std(self, fan_in: int, gain: float) -> float:
        return float(gain_of(self.nonlinearity, gain) / fan_in**0.5)

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.normal_(0.0, self._std(fans(tensor)[0], gain), generator=generator)

    def spread(self, place: Place) -> Spread:
        return normal(self._std(place.fan_in, place.gain))

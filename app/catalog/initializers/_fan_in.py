"""Normal weights whose variance is g² over the inputs of a unit. No part of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.initializers._base import Initializer, fans
from app.catalog.initializers._gain import Nonlinearity, gain_of
from app.catalog.initializers._spread import Spread, normal
from app.catalog.plot import Place

if TYPE_CHECKING:
    import torch


class ByFanIn(Initializer):
    """Signals keep their size going forward; a part says for which activation."""

    if TYPE_CHECKING:  # each part declares the field, after its type
        nonlinearity: Nonlinearity

    def _std(self, fan_in: int, gain: float) -> float:
        return float(gain_of(self.nonlinearity, gain) / fan_in**0.5)

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        tensor.normal_(0.0, self._std(fans(tensor)[0], gain), generator=generator)

    def spread(self, place: Place) -> Spread:
        return normal(self._std(place.fan_in, place.gain))

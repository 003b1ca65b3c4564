"""What every initialiser declares. The tensors are filled from the given generator alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Part
from app.catalog.initializers._spread import Spread
from app.catalog.plot import ANYWHERE, Place, Plot
from app.core.text import text

if TYPE_CHECKING:
    import torch

START = text("Initial weights", "权值初始化")


class Initializer(Part):
    """A rule for the first value of a layer's ``weight`` and ``bias``."""

    GROUP = START

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        """Fill a weight (out, in, …) in place; ``gain`` is that of the activation that follows."""
        raise TypeError(f"{type(self).__name__} declares no weight rule")

    def bias(self, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
        """Fill a bias in place: zeros unless a rule says otherwise."""
        tensor.zero_()

    def fill(self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0) -> None:
        """Fill ``module.weight`` and, where there is one, ``module.bias``."""
        import torch

        with torch.no_grad():
            weight = module.get_parameter("weight")
            self.weight(weight, generator, gain)
            if getattr(module, "bias", None) is not None:
                self.bias(module.get_parameter("bias"), fans(weight)[0], generator)

    def spread(self, place: Place) -> Spread:
        """How the weights of a layer in ``place`` are distributed; NumPy, no torch."""
        raise TypeError(f"{type(self).__name__} declares no spread")

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        return self.spread(place).plot(place)


def fans(weight: torch.Tensor) -> tuple[int, int]:
    """(fan in, fan out) of a weight (out, in, *kernel): inputs of one unit, units of one input."""
    field = weight[0][0].numel() if weight.dim() > 2 else 1
    return weight.shape[1] * field, weight.shape[0] * field

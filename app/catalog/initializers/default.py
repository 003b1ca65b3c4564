"""PyTorch's own rule for Linear and Conv2d."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.initializers._base import Initializer, fans
from app.catalog.initializers._spread import Spread, uniform
from app.catalog.plot import Place
from app.core.text import text

if TYPE_CHECKING:
    import torch


class DefaultInitializer(Initializer):
    """Uniform in ±1/√fan-in for weight and bias, as torch.nn.Linear and torch.nn.Conv2d do."""

    TITLE = text("PyTorch default", "PyTorch 默认")
    SUMMARY = text(
        "Uniform between −1/√n and 1/√n, n being the inputs of one unit; the bias too.",
        "在 −1/√n 与 1/√n 之间均匀分布，n 为单元的输入数；偏置也一样。",
    )
    DOC_ZH = "权值与偏置在 ±1/√扇入 内均匀分布，与 torch.nn.Linear、torch.nn.Conv2d 相同。"
    FORMULA = Formula(
        forward=r"w, b \sim U\!\left(-\tfrac{1}{\sqrt{n_{in}}}, \tfrac{1}{\sqrt{n_{in}}}\right)"
    )
    EXAMPLES = ({"type": "default"},)

    type: Literal["default"] = "default"

    def weight(self, tensor: torch.Tensor, generator: torch.Generator, gain: float = 1.0) -> None:
        bound = fans(tensor)[0] ** -0.5
        tensor.uniform_(-bound, bound, generator=generator)

    def bias(self, tensor: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
        tensor.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)

    def spread(self, place: Place) -> Spread:
        return uniform(place.fan_in**-0.5)

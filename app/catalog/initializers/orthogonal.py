"""Orthogonal weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers._base import Initializer
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Orthogonal(Initializer):
    """Rows (or columns) of length ``gain`` and at right angles; bias 0. Source: Saxe et al., ICLR 2014."""

    TITLE = text("Orthogonal", "正交")
    SUMMARY = text(
        "Rows at right angles: signals keep their length through many layers.",
        "各行相互正交：信号经过多层仍保持长度。",
    )
    FORMULA = Formula(forward=r"W W^{\mathsf T} = g^2 I")
    EXAMPLES = ({"type": "orthogonal"},)

    type: Literal["orthogonal"] = "orthogonal"
    gain: float = option(
        1.0, text("gain g", "增益 g"), text("Length of each row.", "每行的长度。"), gt=0.0, le=10.0
    )

    def weight(self, tensor: torch.Tensor, generator: torch.Generator) -> None:
        from torch.nn import init

        init.orthogonal_(tensor, self.gain, generator)

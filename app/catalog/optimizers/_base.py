"""What every optimiser declares. Its numbers may change while a run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from app.catalog.family import Part, option
from app.core.text import text

if TYPE_CHECKING:
    import torch

OPTIMISER = text("Optimiser", "优化器")


class Optimizer(Part):
    """A rule that turns gradients into changes of the parameters."""

    GROUP = OPTIMISER
    STATE_TENSORS: ClassVar[int] = 0
    """Tensors of the parameters' size that the rule keeps, for the memory budget."""

    learning_rate: float = option(
        0.05,
        text("learning rate η", "学习率 η"),
        text(
            "Size of a step. Too small is slow, too large diverges.",
            "每步的大小。太小则慢，太大则发散。",
        ),
        ge=0.0,
        le=100.0,
    )

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """The PyTorch optimiser."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def options(self) -> dict[str, Any]:
        """What PyTorch's parameter groups hold: written into them when a number changes."""
        raise TypeError(f"{type(self).__name__} declares no options")

"""What every loss declares: which tasks it suits, how targets are encoded, the function itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from app.catalog.code import Code, of_function
from app.catalog.family import Part
from app.core.text import text

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

LOSS = text("Loss", "损失函数")
Task = Literal["classification", "regression"]


class Loss(Part):
    """A function of the network's outputs and the targets; the batch mean unless a field says else."""

    GROUP = LOSS
    TASKS: ClassVar[frozenset[Task]]
    READOUT: ClassVar[Literal["softmax", "raw"]] = "raw"
    """How outputs are shown as a prediction."""

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {"tasks": sorted(cls.TASKS), "readout": cls.READOUT}

    def output_sizes(self, task: Task, targets: int) -> tuple[int, ...]:
        """Output sizes that fit: ``targets`` is the number of classes or of regressed values."""
        return (targets,)

    def encode(self, target: torch.Tensor, outputs: int, targets: int) -> torch.Tensor:
        """Targets as the function wants them.

        ``target`` is int64 (N,) for classes and float (N, targets) for regression.
        """
        return target

    def build(self) -> LossFunction:
        """``f(output (N, outputs), encoded target) -> scalar``."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def code(self) -> Code:
        """Python for the function of :meth:`build`, for exported code."""
        return of_function(self.build())

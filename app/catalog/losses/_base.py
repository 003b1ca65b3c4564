"""What every loss declares: which tasks it suits, how targets are encoded, the function itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from numpy.typing import NDArray

from app.catalog.code import Code, of_function
from app.catalog.family import Part
from app.catalog.plot import ANYWHERE, Place, Plot, Reals, axis, line
from app.core.reach import Reach
from app.core.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

LOSS = text("Loss", "损失函数")
Task = Literal["classification", "regression"]
"""What a data set asks for."""
Use = Literal["classification", "regression", "reconstruction"]
"""What a loss can measure: a data set's task, or how near an output of any shape comes to the input."""
Readout = Literal["softmax", "sigmoid", "raw"]
OUTPUT_VALUE = text("output u", "输出 u")
ERROR = text("E", "E")
SLOPE = text("∂E/∂u", "∂E/∂u")


class Loss(Part):
    """A function of the network's outputs and the targets; the batch mean unless a field says else."""

    GROUP = LOSS
    TASKS: ClassVar[frozenset[Use]]
    READOUT: ClassVar[Readout] = "raw"
    """How outputs are shown as a prediction."""
    PER_STEP: ClassVar[bool] = False
    """Whether it can be taken at every step of a sequence, of classes."""
    PLOT_NOTE: ClassVar[Text]
    """Which case the curve shows."""

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {"tasks": sorted(cls.TASKS), "readout": cls.READOUT, "per_step": cls.PER_STEP}

    def output_sizes(self, task: Task, targets: int) -> tuple[int, ...]:
        """Output sizes that fit: ``targets`` is the number of classes or of regressed values."""
        return (targets,)

    def encode(self, target: torch.Tensor, outputs: int, targets: int) -> torch.Tensor:
        """Targets as the function wants them.

        ``target`` is int64 (N,) for classes and float (N, targets) for regression.
        """
        return target

    def suffices(self, reach: Reach) -> bool:
        """Whether outputs that take these values alone can say all that the loss asks for; a loss
        that measures a distance asks for its targets alone."""
        return True

    def curve(self, u: Reals) -> tuple[Reals, Reals]:
        """E and ∂E/∂u, both (N,), of the one output that :meth:`case` varies; NumPy, no torch."""
        raise TypeError(f"{type(self).__name__} declares no curve")

    def case(self, u: Reals) -> tuple[Reals, NDArray[Any]]:
        """Outputs (N, K), the first of them u, and their targets: classes (N,) or numbers (N, K)."""
        raise TypeError(f"{type(self).__name__} declares no case")

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        u = axis()
        error, slope = self.curve(u)
        lines = (line(ERROR, error), line(SLOPE, slope))
        return Plot(x_name=OUTPUT_VALUE, x=tuple(u.tolist()), lines=lines, note=self.PLOT_NOTE)

    def summed(self, samples: int, outputs: int) -> float:
        """What makes the chapter's sum over a batch of this loss, if the batch mean is multiplied
        with it."""
        return float(samples)

    @property
    def sums(self) -> bool:
        """Whether its value is a sum over the samples of a batch: twice the samples, twice the value."""
        return False

    def build(self) -> LossFunction:
        """``f(output (N, outputs), encoded target) -> scalar``."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def build_steps(self) -> LossFunction:
        """The same for ``f(output (N, T, classes), classes (N, T))``, −1 where a step does not count."""
        from app.nn.per_step import PerStep

        return PerStep(self.build())

    def code_steps(self) -> Code:
        """Python for the function of :meth:`build_steps`."""
        from app.nn.per_step import PerStep

        inner = self.code()
        return Code(f"PerStep({inner.expression})", (*inner.uses, PerStep))

    def code(self) -> Code:
        """Python for the function of :meth:`build`, for exported code."""
        return of_function(self.build())

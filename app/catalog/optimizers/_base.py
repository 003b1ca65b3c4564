"""What every optimiser declares. Its numbers may change while a run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from app.catalog.code import Code, of_optimizer
from app.catalog.family import Part, option
from app.catalog.optimizers._rule import Before, Rule
from app.catalog.plot import ANYWHERE, Place, Plot, Reals, line
from app.core.numbers import TINY
from app.core.text import Text, text

if TYPE_CHECKING:
    import torch

OPTIMISER = text("Optimiser", "优化器")
STEPS, PULSE = 60, 20
STEP = text("step", "步")
GRADIENT = text("gradient g", "梯度 g")
MOVE = text("−Δw / η", "−Δw / η")
NOTE = text(
    f"A weight whose gradient is 1 for {PULSE} steps, then 0.",
    f"某权值的梯度先有 {PULSE} 步为 1，此后为 0。",
)


def learning_rate(default: float) -> Any:
    """The field that every rule has."""
    return option(
        default,
        text("learning rate η", "学习率 η"),
        text(
            "Size of a step. Too small is slow, too large diverges.",
            "每步的大小。太小则慢，太大则发散。",
        ),
        ge=0.0,
        le=100.0,
    )


def weight_decay(default: float = 0.0) -> Any:
    """Shrinks every weight a little at every step."""
    return option(
        default,
        text("weight decay λ", "权值衰减 λ"),
        text("Pulls every weight towards zero.", "把每个权值拉向零。"),
        ge=0.0,
        le=10.0,
    )


def memory(default: float, symbol: str, what: Text) -> Any:
    """How much of a running mean is kept at each step."""
    return option(default, text(symbol, symbol), what, ge=0.0, lt=1.0)


def epsilon(default: float) -> Any:
    """The small number in a divisor."""
    help = text("Keeps the divisor above zero.", "使除数不为零。")
    return option(default, text("ε", "ε"), help, ge=TINY, le=1.0)


OF_MEAN = text(
    "Decay rate of the running mean of the gradient; the nearer to 1, the longer it remembers.",
    "梯度滑动平均的衰减率；越接近 1，记忆越长。",
)
OF_SQUARE = text("Memory of the gradient's square.", "梯度平方的记忆。")


class Optimizer(Part):
    """A rule that turns gradients into changes of the parameters."""

    GROUP = OPTIMISER
    STATE_TENSORS: ClassVar[int] = 0
    """Tensors of the parameters' size that the rule keeps, for the memory budget."""
    VARIANTS: ClassVar[tuple[tuple[Text, dict[str, Any]], ...]] = ()
    """Names under which people look for the rule with certain fields, and those fields."""

    learning_rate: float = learning_rate(0.05)

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {
            "variants": [
                {"title": title.model_dump(), "fields": fields} for title, fields in cls.VARIANTS
            ]
        }

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """The PyTorch optimiser."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def rule(self, before: Before) -> Rule:
        """The terms of one weight's next value and of its state, as PyTorch computes them."""
        raise TypeError(f"{type(self).__name__} declares no rule")

    def path(self, gradients: Reals) -> Reals:
        """(T,) values of one weight that starts at 0 after each of the gradients (T,); NumPy, no torch."""
        raise TypeError(f"{type(self).__name__} declares no path")

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        """What the rule makes of a gradient that is 1 for a while and then 0, in units of η."""
        t = np.arange(1.0, STEPS + 1)
        gradient = np.where(t <= PULSE, 1.0, 0.0)
        moved = -np.diff(self.path(gradient), prepend=0.0) / (self.learning_rate or 1.0)
        lines = (line(GRADIENT, gradient), line(MOVE, moved))
        return Plot(x_name=STEP, x=tuple(t.tolist()), lines=lines, note=NOTE)

    def options(self) -> dict[str, Any]:
        """What PyTorch's parameter groups hold: written into them when a number changes."""
        raise TypeError(f"{type(self).__name__} declares no options")

    def code(self, parameters: str) -> Code:
        """Python that makes the optimiser over the expression ``parameters``, for exported code."""
        import torch

        return of_optimizer(self.build([torch.nn.Parameter(torch.zeros(1))]), parameters)

"""What recurrent layers share: options, PyTorch's parameters with their arithmetic, initial weights."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from app.catalog.family import option
from app.catalog.layers._base import RECURRENT, Layer, Parameter, Rows, time_input
from app.core.reach import ANY, Reach
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch

REACHES: dict[str, Reach] = {
    "tanh": (-1.0, 1.0),
    "relu": (0.0, inf),
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "identity": ANY,
}
"""Values that a unit's activation gives."""
Start = Literal["default", "identity", "orthogonal"]
TENSORS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def units_option(default: int = 32) -> Any:
    return option(
        default,
        text("hidden units", "隐单元数"),
        text("Numbers that are handed from step to step.", "逐时刻传递的数的个数。"),
        ge=1,
        le=1024,
    )


def layers_option() -> Any:
    return option(
        1,
        text("layers", "层数"),
        text(
            "Stacked layers: each reads the outputs of the layer before it, time step by time step.",
            "多层堆叠：每一层逐时刻读取前一层的输出。",
        ),
        ge=1,
        le=4,
    )


def bidirectional_option() -> Any:
    return option(
        False,
        text("bidirectional", "双向"),
        text(
            "A second set of units reads from the end to the start.",
            "另有一组单元从末尾读到开头。",
        ),
    )


def dropout_option() -> Any:
    return option(
        0.0,
        text("dropout between layers", "层间随机失活"),
        text(
            "Share of the values silenced between stacked layers.",
            "堆叠的各层之间被置零的比例。",
        ),
        ge=0.0,
        le=0.95,
    )


def activation_option() -> Any:
    return option(
        "tanh",
        text("activation φ", "激励函数 φ"),
        text("What the net input passes through.", "净激活值所经过的函数。"),
        labels={
            "tanh": text("tanh", "tanh"),
            "relu": text("ReLU", "ReLU"),
            "sigmoid": text("sigmoid", "sigmoid"),
        },
    )


def start_option() -> Any:
    return option(
        "default",
        text("recurrent weights", "循环权值"),
        text(
            "How the weights from step to step start. The identity with ReLU is the IRNN.",
            "时刻之间权值的初始值。单位矩阵配 ReLU 即 IRNN。",
        ),
        labels={
            "default": text("PyTorch default", "PyTorch 默认"),
            "identity": text("identity (IRNN)", "单位矩阵（IRNN）"),
            "orthogonal": text("orthogonal", "正交矩阵"),
        },
    )


class Gated(Layer):
    """Base of the layers that hold PyTorch's recurrent parameters: ``GATES`` blocks of units."""

    GROUP = RECURRENT
    TIME_FIRST = True
    REMEMBERS = True
    MASKED = True
    BY_STEP = True
    GATES: ClassVar[int] = 1
    KEPT: ClassVar[int] = 1
    """Values that the kernel keeps for each unit and step beside the output."""

    units: int = units_option()
    layers: int = layers_option()
    bidirectional: bool = bidirectional_option()
    dropout: float = dropout_option()

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """Values of the output at one step."""
        return self.units * self.directions

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Steps(time_input(self, inputs)[0], self.width)

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        """What an LSTM and a GRU hand on."""
        return REACHES["tanh"]

    def widths(self, inputs: tuple[Shape, ...]) -> tuple[int, ...]:
        """Features that each of the layers reads."""
        return (inputs[0][1], *(self.width for _ in range(self.layers - 1)))

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        rows, found = self.GATES * self.units, []
        for place, width in enumerate(self.widths(inputs)):
            for end in ("", "_reverse")[: self.directions]:
                shapes: tuple[Shape, ...] = (rows, width), (rows, self.units), (rows,), (rows,)
                found += [
                    Parameter(name=f"{name}_l{place}{end}", shape=shape)
                    for name, shape in zip(TENSORS, shapes, strict=True)
                ]
        return tuple(found)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        """Of the last layer, in the unit's direction: its row of every gate."""
        back, row = divmod(unit, self.units)
        end = f"l{self.layers - 1}{'_reverse' if back else ''}"
        places = tuple(gate * self.units + row for gate in range(self.GATES))
        return {f"{name}_{end}": Rows(0, places) for name in TENSORS}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        h, blocks = self.units, self.GATES * self.directions
        front = f"{blocks}×" if blocks > 1 else ""
        said = []
        for width in dict.fromkeys(self.widths(inputs)):
            many = self.widths(inputs).count(width)
            times = f"{many}×{front}" if many > 1 else front
            sum_ = f"{h}×({width}+{h})+2×{h}"
            said.append(f"{times}({sum_})" if times else sum_)
        total = sum(p.count for p in self.parameters(inputs))
        return f"{'+'.join(said)} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        steps, rows = inputs[0][0], self.GATES * self.units * self.directions
        return steps * rows * sum(width + self.units for width in self.widths(inputs))

    def kept(self, inputs: tuple[Shape, ...]) -> int:
        """What the kernel keeps in every layer, and the outputs of those below the last."""
        return inputs[0][0] * self.width * (self.KEPT * self.layers + self.layers - 1)

    def gain(self) -> float | None:
        return 1.0

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        fill_uniform(module.parameters(), self.units, generator)


def fill_uniform(parameters: Iterable[torch.Tensor], seen: int, generator: torch.Generator) -> None:
    """PyTorch's rule, in place: uniform in ±1/√seen."""
    import torch

    bound = seen**-0.5
    with torch.no_grad():
        for parameter in parameters:
            parameter.uniform_(-bound, bound, generator=generator)


def fill_recurrent(tensor: torch.Tensor, start: Start, generator: torch.Generator) -> None:
    """Square weights from step to step in place; the default leaves them as they are."""
    import torch

    if start == "identity":
        torch.nn.init.eye_(tensor)
    elif start == "orthogonal":
        torch.nn.init.orthogonal_(tensor, generator=generator)

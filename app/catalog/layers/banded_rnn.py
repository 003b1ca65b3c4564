"""Recurrent layer whose hidden units are joined to their neighbours only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import RECURRENT, Layer, Parameter, Rows, time_input
from app.catalog.layers._recurrent import REACHES, activation_option, fill_uniform, units_option
from app.core.reach import Reach
from app.core.shapes import Shape, Steps
from app.core.text import text

if TYPE_CHECKING:
    import torch


class BandedRnn(Layer):
    """Elman's layer with a banded W: a unit sees itself and the ``reach`` units on either side of it.

    Input (T, F), output (T, units). ``band`` holds W's main diagonal, then, for every distance, the
    diagonal above and the one below.
    """

    TITLE = text("Neighbour RNN", "邻接循环层")
    SUMMARY = text(
        "Hidden units pass on what they hold to their neighbours only: a band instead of a full matrix.",
        "隐单元只与相邻单元相连：循环矩阵是一条带，而非满矩阵。",
    )
    DOC_ZH = (
        "Elman 循环层，但 W 为带状：每个单元只看到自己以及两侧各 reach 个单元。\n\n"
        "输入 (T, F)，输出 (T, units)。band 依次存放 W 的主对角线，以及每个距离的上、下对角线。"
    )
    GROUP = RECURRENT
    TIME_FIRST = True
    REMEMBERS = True
    MASKED = True
    BY_STEP = True
    FORMULA = Formula(
        forward=r"u_t = U x_t + W s_{t-1} + b,\quad s_t = \varphi(u_t),\quad w_{ij} = 0 \text{ for } |i-j| > k",
        backward=r"\delta_t = \varphi'(u_t)\circ\left(\frac{\partial E}{\partial s_t} + W^{\mathsf T}\delta_{t+1}\right)"
        r",\quad \frac{\partial E}{\partial w_{ij}} = \sum_t (\delta_t)_i (s_{t-1})_j",
    )
    ALIASES = ("recurrent", "banded", "neighbours", "循环神经网络", "相邻", "序列")
    EXAMPLES = ({"type": "banded_rnn", "units": 32, "reach": 2},)
    ID_PREFIX = "band"
    PICTURE = "through_time"
    CELL = "elman"

    type: Literal["banded_rnn"] = "banded_rnn"
    units: int = units_option()
    reach: int = option(
        1,
        text("reach", "邻域"),
        text("Neighbours on either side.", "每一侧相邻单元的个数。"),
        ge=0,
        le=64,
    )
    activation: Literal["tanh", "relu", "sigmoid"] = activation_option()

    @property
    def near(self) -> int:
        return min(self.reach, self.units - 1)

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Steps(time_input(self, inputs)[0], self.units)

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        near = self.near
        band = self.units * (2 * near + 1) - near * (near + 1)
        return (
            Parameter(name="U", shape=(self.units, inputs[0][1])),
            Parameter(name="band", shape=(band,)),
            Parameter(name="b", shape=(self.units,)),
        )

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        """The unit's row of U and b, and its entry of each diagonal that crosses its row."""
        places, first = [unit], self.units
        for distance in range(1, self.near + 1):
            for column, own in ((unit + distance, unit), (unit - distance, unit - distance)):
                if 0 <= column < self.units:
                    places.append(first + own)
                first += self.units - distance
        return {"U": Rows(0, (unit,)), "band": Rows(0, tuple(places)), "b": Rows(0, (unit,))}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        h, near = self.units, self.near
        total = sum(p.count for p in self.parameters(inputs))
        return f"{h}×{inputs[0][1]}+{h}×{2 * near + 1}−{near}×{near + 1}+{h} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        steps, features = inputs[0]
        band = self.parameters(inputs)[1].count
        return steps * (self.units * features + band)

    def kept(self, inputs: tuple[Shape, ...]) -> int:
        return inputs[0][0] * self.units

    def gain(self) -> float | None:
        return 1.0

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        return REACHES[self.activation]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.feedback import Banded as Module

        return Module(inputs[0][1], self.units, self.reach, self.activation)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        """Uniform in ±1/√units for U, in ±1/√(width of the band) for the band and b."""
        for parameter in module.parameters():
            seen = self.units if parameter.dim() == 2 else 2 * self.near + 1
            fill_uniform([parameter], seen, generator)

"""Jordan's recurrent layer: the previous output is fed back."""

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


class Jordan(Layer):
    """The output of the step before goes back into the hidden layer: uₜ = U xₜ + W oₜ₋₁ + b, o₀ = 0.

    sₜ = φ(uₜ), oₜ = g(V sₜ + c). Input (T, F), output (T, outputs). Source: Jordan, ICS report 8604, 1986.
    """

    TITLE = text("Jordan RNN", "循环层（Jordan）")
    SUMMARY = text(
        "Feeds the output of the time step before back into the hidden layer; Elman’s layer feeds back its hidden state.",
        "把前一时刻的输出反馈到隐层；Elman 循环层反馈的则是隐层状态。",
    )
    DOC_ZH = (
        "前一时刻的输出反馈到隐层：uₜ = U xₜ + W oₜ₋₁ + b，o₀ = 0。\n\n"
        "sₜ = φ(uₜ)，oₜ = g(V sₜ + c)。输入 (T, F)，输出 (T, outputs)。出处：Jordan，1986。"
    )
    GROUP = RECURRENT
    TIME_FIRST = True
    REMEMBERS = True
    MASKED = True
    BY_STEP = True
    FORMULA = Formula(
        forward=r"u_t = U x_t + W o_{t-1} + b,\quad s_t = \varphi(u_t),\quad o_t = g(V s_t + c)",
        backward=r"\delta^o_t = g'\circ\left(\frac{\partial E_t}{\partial o_t} + W^{\mathsf T}\delta_{t+1}\right)"
        r",\quad \delta_t = \varphi'(u_t)\circ V^{\mathsf T}\delta^o_t"
        r",\quad \frac{\partial E}{\partial W} = \sum_t \delta_t o_{t-1}^{\mathsf T}"
        r",\quad \frac{\partial E}{\partial V} = \sum_t \delta^o_t s_t^{\mathsf T}",
    )
    ALIASES = ("recurrent", "output feedback", "循环神经网络", "输出反馈", "序列")
    EXAMPLES = ({"type": "jordan", "units": 32, "outputs": 16},)
    ID_PREFIX = "jordan"
    PICTURE = "through_time"
    CELL = "jordan"

    type: Literal["jordan"] = "jordan"
    units: int = units_option()
    outputs: int = option(
        16,
        text("outputs", "输出数"),
        text("Values of oₜ, which are fed back.", "oₜ 的个数，它们被反馈回隐层。"),
        ge=1,
        le=1024,
    )
    activation: Literal["tanh", "relu", "sigmoid"] = activation_option()
    output: Literal["tanh", "sigmoid", "identity", "softmax"] = option(
        "tanh",
        text("output g", "输出函数 g"),
        text("What the output passes through.", "输出所经过的函数。"),
        labels={
            "tanh": text("tanh", "tanh"),
            "sigmoid": text("sigmoid", "sigmoid"),
            "identity": text("identity", "恒等"),
            "softmax": text("softmax", "softmax"),
        },
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Steps(time_input(self, inputs)[0], self.outputs)

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        hidden, outputs = self.units, self.outputs
        return (
            Parameter(name="U", shape=(hidden, inputs[0][1])),
            Parameter(name="W", shape=(hidden, outputs)),
            Parameter(name="b", shape=(hidden,)),
            Parameter(name="V", shape=(outputs, hidden)),
            Parameter(name="c", shape=(outputs,)),
        )

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        """Its units are the outputs: a row of V, and of c."""
        return {name: Rows(0, (unit,)) for name in ("V", "c")}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        h, o = self.units, self.outputs
        total = sum(p.count for p in self.parameters(inputs))
        return f"{h}×({inputs[0][1]}+{o})+{h}+{o}×{h}+{o} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        steps, features = inputs[0]
        return steps * self.units * (features + 2 * self.outputs)

    def kept(self, inputs: tuple[Shape, ...]) -> int:
        return inputs[0][0] * self.units

    def gain(self) -> float | None:
        return 1.0

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        return REACHES[self.output]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.feedback import Jordan as Module

        return Module(inputs[0][1], self.units, self.outputs, self.activation, self.output)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        fill_uniform(module.parameters(), self.units, generator)

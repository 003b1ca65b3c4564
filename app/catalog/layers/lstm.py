"""Long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._recurrent import Gated
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Lstm(Gated):
    """A cell c that gates write to, keep and read: cₜ = f∘cₜ₋₁ + i∘g, hₜ = o∘tanh cₜ.

    Input (T, F), output hₜ at every step, (T, units), or (T, 2·units) when bidirectional. PyTorch's
    parameters, gates in the order i, f, g, o, two biases each. Source: Hochreiter, Schmidhuber,
    Neural Computation 9, 1997; forget gate: Gers et al., 2000.
    """

    TITLE = text("LSTM", "长短时记忆网络（LSTM）")
    SUMMARY = text(
        "A memory with gates: what to take in, what to keep, what to show; it lasts over long sequences.",
        "带门的记忆：决定写入什么、保留什么、输出什么，能跨越很长的序列。",
    )
    DOC_ZH = (
        "记忆单元 c 由门控制写入、保留与读出：cₜ = f∘cₜ₋₁ + i∘g，hₜ = o∘tanh cₜ。\n\n"
        "输入 (T, F)，输出每个时刻的 hₜ：(T, units)，双向时为 (T, 2·units)。参数与 PyTorch 相同，"
        "门的顺序为 i、f、g、o，各有两个偏置。出处：Hochreiter、Schmidhuber，1997；遗忘门：Gers 等，2000。"
    )
    FORMULA = Formula(
        forward=r"q = \sigma(W_q [x_t, h_{t-1}] + b_q),\ q\in\{i,f,o\};\quad g = \tanh(W_g [x_t, h_{t-1}] + b_g)"
        r";\quad c_t = f\circ c_{t-1} + i\circ g;\quad h_t = o\circ\tanh c_t",
        backward=r"\bar c_t = \bar h_t\circ o\circ(1-\tanh^2 c_t) + \bar c_{t+1}\circ f_{t+1}"
        r";\quad \delta_o = \bar h\circ\tanh c\circ o(1-o),\ \delta_f = \bar c\circ c_{t-1}\circ f(1-f)"
        r",\ \delta_i = \bar c\circ g\circ i(1-i),\ \delta_g = \bar c\circ i\circ(1-g^2)"
        r";\quad \frac{\partial E}{\partial W_q} = \sum_t \delta_{q,t}\,[x_t, h_{t-1}]^{\mathsf T}",
    )
    ALIASES = (
        "长短期记忆网络",
        "长短期记忆",
        "LTSM",
        "recurrent",
        "gate",
        "memory",
        "长短时记忆网络",
        "循环神经网络",
        "序列",
    )
    EXAMPLES = ({"type": "lstm", "units": 32}, {"type": "lstm", "units": 16, "layers": 2})
    ID_PREFIX = "lstm"
    PICTURE = "through_time"
    GATES = 4
    CELL = "lstm"
    KEPT = 16
    INNER = ("i", "f", "g", "o", "c")

    type: Literal["lstm"] = "lstm"
    forget_bias: float = option(
        0.0,
        text("forget bias", "遗忘门偏置"),
        text(
            "Added to the bias of the forget gate at the start: 1 makes the cell keep what it has.",
            "初始时加到遗忘门的偏置上：取 1 使记忆单元保留已有内容。",
        ),
        ge=-5.0,
        le=5.0,
    )

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.recurrent import Lstm as Module

        return Module(
            inputs[0][1],
            self.units,
            self.layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
        )

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        """PyTorch's rule, and the forget bias on top of one of the two biases."""
        import torch

        super().initialize(module, generator, gain)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name.startswith("bias_ih"):
                    parameter[self.units : 2 * self.units] += self.forget_bias

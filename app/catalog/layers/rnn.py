"""Elman's recurrent layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._recurrent import (
    REACHES,
    Gated,
    Start,
    activation_option,
    fill_recurrent,
    start_option,
)
from app.core.reach import Reach
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Rnn(Gated):
    """sₜ = φ(U xₜ + W sₜ₋₁ + b) at every step, with the same U, W and b; s₀ = 0.

    Input (T, F), output (T, units), or (T, 2·units) when bidirectional. PyTorch's names: U is
    ``weight_ih``, W is ``weight_hh``, b the sum of two biases. Sources: Elman, Cognitive Science 14,
    1990; identity start: Le, Jaitly, Hinton, 2015 (arXiv:1504.00941).
    """

    TITLE = text("Elman RNN", "循环层（Elman）")
    SUMMARY = text(
        "Reads a sequence step by step; its hidden units see the input and what they were before.",
        "逐时刻读取序列；隐单元既看到当前输入，也看到自己前一时刻的值。",
    )
    DOC_ZH = (
        "每个时刻 sₜ = φ(U xₜ + W sₜ₋₁ + b)，各时刻共用同一组 U、W、b；s₀ = 0。\n\n"
        "输入 (T, F)，输出 (T, units)，双向时为 (T, 2·units)。PyTorch 的名称：U 为 weight_ih，"
        "W 为 weight_hh，b 为两个偏置之和。出处：Elman，1990；单位矩阵初始化：Le、Jaitly、Hinton，2015。"
    )
    FORMULA = Formula(
        forward=r"u_t = U x_t + W s_{t-1} + b,\quad s_t = \varphi(u_t)",
        backward=r"\delta_t = \varphi'(u_t)\circ\left(\frac{\partial E}{\partial s_t} + W^{\mathsf T}\delta_{t+1}\right)"
        r",\quad \frac{\partial E}{\partial W} = \sum_t \delta_t s_{t-1}^{\mathsf T}"
        r",\quad \frac{\partial E}{\partial U} = \sum_t \delta_t x_t^{\mathsf T}"
        r",\quad \frac{\partial E}{\partial b} = \sum_t \delta_t",
    )
    ALIASES = (
        "RNN",
        "随时间反向传播",
        "recurrent",
        "Elman",
        "IRNN",
        "BPTT",
        "循环神经网络",
        "sequence",
        "序列",
    )
    EXAMPLES = (
        {"type": "rnn", "units": 32},
        {"type": "rnn", "units": 32, "activation": "relu", "recurrent": "identity"},
    )
    ID_PREFIX = "rnn"
    PICTURE = "through_time"
    CELL = "elman"

    type: Literal["rnn"] = "rnn"
    activation: Literal["tanh", "relu", "sigmoid"] = activation_option()
    recurrent: Start = start_option()

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        return REACHES[self.activation]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.recurrent import Rnn as Module

        return Module(
            inputs[0][1],
            self.units,
            self.layers,
            self.activation,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
        )

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        """PyTorch's rule; with the identity the biases are zero, as in the paper."""
        import torch

        super().initialize(module, generator, gain)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name.startswith("weight_hh"):
                    fill_recurrent(parameter, self.recurrent, generator)
                elif name.startswith("bias") and self.recurrent == "identity":
                    parameter.zero_()

"""Gated recurrent unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula
from app.catalog.layers._recurrent import Gated
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Gru(Gated):
    """Two gates: r lets the past into the proposal n, z keeps the past: hₜ = (1−z)∘n + z∘hₜ₋₁.

    Input (T, F), output (T, units), or (T, 2·units) when bidirectional. PyTorch's variant: r acts on
    W_hn hₜ₋₁ + b_hn. Source: Cho et al., 2014 (arXiv:1406.1078).
    """

    TITLE = text("GRU", "门控循环单元（GRU）")
    SUMMARY = text(
        "Like the LSTM, with two gates and no separate cell: lighter, and often as good.",
        "与 LSTM 类似，但只有两个门，没有单独的记忆单元：更轻，效果常常相当。",
    )
    DOC_ZH = (
        "两个门：r 决定过去有多少进入候选值 n，z 决定保留多少过去：hₜ = (1−z)∘n + z∘hₜ₋₁。\n\n"
        "输入 (T, F)，输出 (T, units)，双向时为 (T, 2·units)。采用 PyTorch 的形式：r 作用于 "
        "W_hn hₜ₋₁ + b_hn。出处：Cho 等，2014。"
    )
    FORMULA = Formula(
        forward=r"r = \sigma(W_r x_t + U_r h_{t-1} + b_r),\ z = \sigma(W_z x_t + U_z h_{t-1} + b_z)"
        r";\quad n = \tanh(W_n x_t + b_n + r\circ(U_n h_{t-1} + b'_n));\quad h_t = (1-z)\circ n + z\circ h_{t-1}",
        backward=r"\delta_n = \bar h\circ(1-z)\circ(1-n^2),\quad \delta_z = \bar h\circ(h_{t-1}-n)\circ z(1-z)"
        r",\quad \delta_r = \delta_n\circ(U_n h_{t-1}+b'_n)\circ r(1-r)"
        r",\quad \bar h_{t-1} = \frac{\partial E}{\partial h_{t-1}} + z\circ\bar h_t + U_r^{\mathsf T}\delta_r"
        r" + U_z^{\mathsf T}\delta_z + U_n^{\mathsf T}(r\circ\delta_n)",
    )
    ALIASES = ("recurrent", "gate", "Cho 2014", "循环神经网络", "门", "序列")
    EXAMPLES = ({"type": "gru", "units": 32},)
    ID_PREFIX = "gru"
    PICTURE = "through_time"
    GATES = 3
    CELL = "gru"
    KEPT = 6
    INNER = ("r", "z", "n")

    type: Literal["gru"] = "gru"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.recurrent import Gru as Module

        return Module(
            inputs[0][1],
            self.units,
            self.layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
        )

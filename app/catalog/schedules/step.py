"""A learning rate that falls in stairs."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.schedules._base import Follower, Memory, Place, Unit, decay, unit
from app.core.text import text


class StepDecay(Follower):
    """ηₜ = η γ^⌊t/k⌋, t in epochs or steps; as torch.optim.lr_scheduler.StepLR."""

    TITLE = text("Step", "阶梯")
    SUMMARY = text(
        "Multiplies the learning rate by γ every few epochs.", "每隔若干轮将学习率乘以 γ。"
    )
    DOC_ZH = "ηₜ = η γ^⌊t/k⌋，t 以轮或步计；与 torch.optim.lr_scheduler.StepLR 相同。"
    FORMULA = Formula(forward=r"\eta_t = \eta\,\gamma^{\lfloor t/k \rfloor}")
    ALIASES = ("staircase", "StepLR", "step decay", "阶梯衰减", "分段常数")
    EXAMPLES = ({"type": "step", "every": 3, "gamma": 0.5},)
    LIVE = frozenset({"every", "gamma", "unit"})

    type: Literal["step"] = "step"
    every: int = option(
        3,
        text("every k", "间隔 k"),
        text("Epochs or steps between two reductions.", "两次降低之间的轮数或步数。"),
        ge=1,
        le=1_000_000,
    )
    gamma: float = decay(0.5)
    unit: Unit = unit("epoch")

    def factor(self, place: Place, memory: Memory) -> float:
        return float(self.gamma ** (place.passed(self.unit) // self.every))

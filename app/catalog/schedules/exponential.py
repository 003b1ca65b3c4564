"""A learning rate that shrinks by the same share again and again."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula
from app.catalog.schedules._base import Follower, Memory, Place, Unit, decay, unit
from app.core.text import text


class Exponential(Follower):
    """ηₜ = η γ^t, t in whole epochs or steps; as torch.optim.lr_scheduler.ExponentialLR."""

    TITLE = text("Exponential", "指数")
    SUMMARY = text(
        "Multiplies the learning rate by γ after every epoch.", "每轮之后将学习率乘以 γ。"
    )
    DOC_ZH = (
        "ηₜ = η γ^t，t 为已完成的整轮数或步数；与 torch.optim.lr_scheduler.ExponentialLR 相同。"
    )
    FORMULA = Formula(forward=r"\eta_t = \eta\,\gamma^{t}")
    ALIASES = ("ExponentialLR", "exponential decay", "指数衰减")
    EXAMPLES = (
        {"type": "exponential", "gamma": 0.8},
        {"type": "exponential", "gamma": 0.999, "unit": "step"},
    )
    LIVE = frozenset({"gamma", "unit"})

    type: Literal["exponential"] = "exponential"
    gamma: float = decay(0.8)
    unit: Unit = unit("epoch")

    def factor(self, place: Place, memory: Memory) -> float:
        return float(self.gamma ** place.passed(self.unit))

"""A learning rate that falls along half a cosine, from η to its floor at the end of the training."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.schedules._base import Follower, Memory, Place
from app.core.text import text


class Cosine(Follower):
    """ηₜ = η (m + (1 − m)(1 + cos(π t/T))/2), t in steps, T those of the whole training.

    Source: Loshchilov and Hutter, ICLR 2017, without restarts; as
    torch.optim.lr_scheduler.CosineAnnealingLR with T_max = T. Moving the end of the training, or
    changing the batch size, stretches the curve over what the training then is.
    """

    TITLE = text("Cosine", "余弦")
    SUMMARY = text(
        "Falls slowly, then fast, then slowly again, until the training ends.",
        "先慢、后快、再慢地下降，直到训练结束。",
    )
    DOC_ZH = "ηₜ = η (m + (1 − m)(1 + cos(π t/T))/2)，t 以步计，T 为整个训练的步数。\n\n出处：Loshchilov 与 Hutter，ICLR 2017，不含重启；与 T_max = T 的 torch.optim.lr_scheduler.CosineAnnealingLR 相同。改变训练终点或批量大小时，曲线随训练的新长度伸缩。"
    FORMULA = Formula(
        forward=r"\eta_t = \eta\left(m + (1-m)\,\frac{1+\cos(\pi t/T)}{2}\right)",
    )
    ALIASES = ("cosine annealing", "CosineAnnealingLR", "余弦退火")
    EXAMPLES = ({"type": "cosine"}, {"type": "cosine", "floor": 0.05})
    LIVE = frozenset({"floor"})

    type: Literal["cosine"] = "cosine"
    floor: float = option(
        0.0,
        text("floor m", "下限 m"),
        text("Share of η that is left at the end.", "结束时剩余的 η 的比例。"),
        ge=0.0,
        le=1.0,
    )

    def factor(self, place: Place, memory: Memory) -> float:
        share = min(1.0, place.step / place.steps)
        return self.floor + (1.0 - self.floor) * (1.0 + cos(pi * share)) / 2.0

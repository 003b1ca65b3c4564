"""A learning rate that is reduced when the validation loss no longer falls."""

from __future__ import annotations

from math import inf
from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.schedules._base import Follower, Memory, Place
from app.core.text import text


class Plateau(Follower):
    """After more than ``patience`` epochs without a better validation loss, η ← max(γ η, m η₀).

    Better is a loss below (1 − ε) times the lowest so far. As
    torch.optim.lr_scheduler.ReduceLROnPlateau in its modes min and rel with eps = 0. What it
    remembers is part of every snapshot.
    """

    TITLE = text("Reduce on plateau", "平台期衰减")
    SUMMARY = text(
        "Lowers the learning rate when the validation loss has not improved for some epochs.",
        "验证损失若干轮没有改善时降低学习率。",
    )
    DOC_ZH = "当验证损失超过 patience 轮没有改善时，η ← max(γ η, m η₀)。\n\n“改善”指损失低于迄今最小值的 (1 − ε) 倍。与 eps = 0、模式为 min 与 rel 的 torch.optim.lr_scheduler.ReduceLROnPlateau 相同。其记忆是每个快照的一部分。"
    FORMULA = Formula(
        forward=r"\eta \leftarrow \max(\gamma\,\eta,\; m\,\eta_0)"
        r"\quad\text{after } n>\text{patience bad epochs},\qquad"
        r"\text{bad: } E_{\text{val}} \ge (1-\epsilon)\,\min E_{\text{val}}",
    )
    ALIASES = ("ReduceLROnPlateau", "plateau", "平台", "自适应衰减")
    EXAMPLES = ({"type": "plateau"}, {"type": "plateau", "gamma": 0.5, "patience": 1})
    LIVE = frozenset({"gamma", "patience", "threshold", "cooldown", "floor"})

    type: Literal["plateau"] = "plateau"
    gamma: float = option(
        0.1,
        text("decay γ", "衰减率 γ"),
        text("What η is multiplied with each time.", "每次与 η 相乘的系数。"),
        ge=0.0,
        lt=1.0,
    )
    patience: int = option(
        2,
        text("patience", "耐心轮数"),
        text(
            "Epochs without improvement to wait before η is lowered.",
            "允许验证损失无改善的轮数，超过后降低 η。",
        ),
        ge=0,
        le=1000,
    )
    threshold: float = option(
        1e-4,
        text("threshold ε", "阈值 ε"),
        text("Share by which the loss must fall to count.", "损失须下降的最小比例。"),
        ge=0.0,
        lt=1.0,
    )
    cooldown: int = option(
        0,
        text("cool-down", "冷却轮数"),
        text("Epochs after a reduction that do not count as bad.", "降低之后不计入的轮数。"),
        ge=0,
        le=1000,
    )
    floor: float = option(
        0.0,
        text("floor m", "下限 m"),
        text("Share of η below which it is not reduced.", "不再降低的 η 的比例。"),
        ge=0.0,
        le=1.0,
    )

    @property
    def watches(self) -> bool:
        return True

    def factor(self, place: Place, memory: Memory) -> float:
        return memory.scale

    def after(self, memory: Memory, place: Place, loss: float) -> Memory:
        best, bad, rest, scale = memory.best, memory.bad, memory.rest, memory.scale
        if loss < (inf if best is None else best * (1.0 - self.threshold)):
            best, bad = loss, 0
        else:
            bad += 1
        if rest > 0:
            rest, bad = rest - 1, 0
        if bad > self.patience:
            scale = min(scale, max(scale * self.gamma, self.floor))
            rest, bad = self.cooldown, 0
        return Memory(best=best, bad=bad, rest=rest, scale=scale)

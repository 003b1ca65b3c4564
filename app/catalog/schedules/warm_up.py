"""A learning rate that rises in a line from a small share of η, before another rule takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Family, Formula, option
from app.catalog.schedules._base import Follower, Memory, Place, Schedule, Unit, unit
from app.catalog.schedules.constant import ConstantRate
from app.core.text import text

if TYPE_CHECKING:
    AnyFollower = Follower
else:
    AnyFollower = Family("followers", Follower, "app.catalog.schedules").union()


class WarmUp(Schedule):
    """ηₜ = η (s + (1 − s) t/n) for the first n steps, then the other rule, which counts from there.

    As torch.optim.lr_scheduler.SequentialLR of LinearLR and the other one.
    """

    TITLE = text("Warm-up", "预热")
    SUMMARY = text(
        "Begins with small steps, which keeps the first ones from doing harm; then another rule.",
        "以小步开始，避免最初几步造成破坏；随后采用另一规则。",
    )
    DOC_ZH = "前 n 步 ηₜ = η (s + (1 − s) t/n)，随后采用另一规则，并从那里开始计数。\n\n与 LinearLR 及另一规则组成的 torch.optim.lr_scheduler.SequentialLR 相同。"
    FORMULA = Formula(
        forward=r"\eta_t = \eta\left(s + (1-s)\,\frac{t}{n}\right),\; t < n;"
        r"\qquad \eta_t = \eta'_{t-n},\; t \ge n",
    )
    ALIASES = ("LinearLR", "SequentialLR", "linear warmup", "热身", "线性预热")
    EXAMPLES = (
        {"type": "warm_up", "length": 100, "then": {"type": "cosine"}},
        {"type": "warm_up", "length": 1, "unit": "epoch"},
    )
    LIVE = frozenset({"length", "unit", "start", "then"})

    type: Literal["warm_up"] = "warm_up"
    length: int = option(
        100,
        text("length n", "长度 n"),
        text("Steps or epochs until η is reached.", "达到 η 所需的步数或轮数。"),
        ge=1,
        le=1_000_000,
    )
    unit: Unit = unit("step")
    start: float = option(
        0.1,
        text("start s", "起点 s"),
        text("Share of η at the first step.", "第一步时 η 的比例。"),
        ge=0.0,
        le=1.0,
    )
    then: AnyFollower = option(
        ConstantRate(),
        text("then", "随后"),
        text(
            "The rule that follows; it counts from the end of the warm-up.",
            "随后的规则，自预热结束起计数。",
        ),
    )

    @property
    def watches(self) -> bool:
        return self.then.watches

    def _steps(self, place: Place) -> int:
        return self.length * (place.per_epoch if self.unit == "epoch" else 1)

    def factor(self, place: Place, memory: Memory) -> float:
        length = self._steps(place)
        if place.step < length:
            return self.start + (1.0 - self.start) * place.step / length
        return self.then.factor(place.after(length), memory)

    def after(self, memory: Memory, place: Place, loss: float) -> Memory:
        length = self._steps(place)
        if place.step <= length:
            return memory
        return self.then.after(memory, place.after(length), loss)

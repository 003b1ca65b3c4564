"""The same learning rate from the first step to the last."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula
from app.catalog.schedules._base import Follower, Memory, Place
from app.core.text import text


class ConstantRate(Follower):
    """ηₜ = η. What is changed by hand stays as it was set."""

    TITLE = text("Constant", "恒定")
    SUMMARY = text("The learning rate stays as it is set.", "学习率保持所设的值。")
    DOC_ZH = "ηₜ = η。手动所作的修改保持有效。"
    FORMULA = Formula(forward=r"\eta_t = \eta")
    ALIASES = ("fixed", "none", "固定", "无")
    EXAMPLES = ({"type": "constant"},)

    type: Literal["constant"] = "constant"

    def factor(self, place: Place, memory: Memory) -> float:
        return 1.0

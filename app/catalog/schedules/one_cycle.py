"""A learning rate that rises to η and falls far below where it began."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.schedules._base import Memory, Place, Schedule
from app.core.text import text


class OneCycle(Schedule):
    """From η/d up to η at the step p T − 1, then down to η/(d f) at the last, T − 1.

    Source: Smith and Topin, 2019; as torch.optim.lr_scheduler.OneCycleLR with max_lr = η and
    without its change of the momentum.
    """

    TITLE = text("One-cycle", "单周期")
    SUMMARY = text(
        "Rises to η, then falls to almost nothing at the end: one cycle over the whole training.",
        "先升至 η，再在结束前降到几乎为零：整个训练只有一个周期。",
    )
    DOC_ZH = "从 η/d 升到第 p T − 1 步的 η，再降到最后一步 T − 1 的 η/(d f)。\n\n出处：Smith 与 Topin，2019；与 max_lr = η 的 torch.optim.lr_scheduler.OneCycleLR 相同，但不改变动量。"
    FORMULA = Formula(
        forward=r"\eta_t = \begin{cases} \eta\left(\frac1d + \left(1-\frac1d\right) a(t)\right)"
        r" & t \le pT-1 \\ \eta\left(1 + \left(\frac{1}{df}-1\right) a(t)\right)"
        r" & \text{else} \end{cases}",
    )
    ALIASES = ("OneCycleLR", "super-convergence", "1cycle", "超收敛", "一周期")
    EXAMPLES = (
        {"type": "one_cycle"},
        {"type": "one_cycle", "rise": 0.2, "shape": "linear"},
    )
    LIVE = frozenset({"rise", "start", "end", "shape"})

    type: Literal["one_cycle"] = "one_cycle"
    rise: float = option(
        0.3,
        text("rise p", "上升段 p"),
        text("Share of the training in which η is reached.", "升至 η 所用的训练比例。"),
        ge=0.0,
        le=1.0,
    )
    start: float = option(
        25.0,
        text("start divisor d", "起始除数 d"),
        text("The training begins with η/d.", "训练以 η/d 开始。"),
        ge=1.0,
        le=1e6,
    )
    end: float = option(
        1e4,
        text("end divisor f", "结束除数 f"),
        text("The training ends with η/(d f).", "训练以 η/(d f) 结束。"),
        ge=1.0,
        le=1e9,
    )
    shape: Literal["cosine", "linear"] = option(
        "cosine",
        text("shape", "形状"),
        text("How a(t) goes from 0 to 1 in each part.", "每一段中 a(t) 从 0 到 1 的方式。"),
        labels={"cosine": text("cosine", "余弦"), "linear": text("linear", "线性")},
    )

    def factor(self, place: Place, memory: Memory) -> float:
        first, last = self.rise * place.steps - 1.0, place.steps - 1.0
        step = min(place.step, last)
        low, lowest = 1.0 / self.start, 1.0 / self.start / self.end
        if step <= first:
            return self._between(low, 1.0, _share(step, 0.0, first))
        return self._between(1.0, lowest, _share(step, first, last))

    def _between(self, begin: float, end: float, share: float) -> float:
        if self.shape == "cosine":
            share = (1.0 - cos(pi * share)) / 2.0
        return begin + (end - begin) * share


def _share(step: float, begin: float, end: float) -> float:
    """How much of a part has been passed; a part without length is over."""
    return min(1.0, (step - begin) / (end - begin)) if end > begin else 1.0

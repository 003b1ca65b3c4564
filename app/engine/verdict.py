"""What the curve of a range test says: a rate, or why there is none. Pure.

The loss is smoothed by a running mean with its start corrected; a rate is suggested only where the
smoothed loss falls by more than the noise around it and turns up again within the range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from app.core.text import Text, text
from app.protocol.range_test import Verdict

WINDOW = 0.05
"""Share of the range over which the running mean looks back."""
DIVERGED = 4.0
"""A smoothed loss this many times the lowest, or the first, has left."""
FEWEST = 10
"""Points below which nothing can be said."""
FALL = 0.02
"""Least fall, as a share of the first loss."""
NOISE = 5.0
"""Least fall, in standard errors of the smoothed loss: among a hundred values that only scatter,
the lowest lies about two below their mean, and the first may lie as far above."""
TAIL = 0.05
"""Share of the range at whose end a lowest loss counts as not yet passed."""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judgement:
    """The verdict with its numbers and its words."""

    verdict: Verdict
    reason: Text
    suggestion: float | None = None
    steepest: float | None = None
    lowest: float | None = None


_SAYS: dict[Verdict, Text] = {
    "suggested": text(
        "The loss falls fastest at η ≈ {steepest} and is lowest at {lowest}. The suggestion lies "
        "between the one and a tenth of the other.",
        "损失在 η ≈ {steepest} 处下降最快，在 {lowest} 处最低。建议值介于前者与后者的十分之一之间。",
    ),
    "nothing_to_train": text(
        "No suggestion, because nothing learns: the network has no weights, or all are frozen.",
        "无建议：网络没有可训练的权值，或全部已冻结。",
    ),
    "diverges_at_once": text(
        "No suggestion: the loss diverges at once, even at η = {low}. Start from a smaller η.",
        "无建议：即使 η = {low}，损失也立即发散。请从更小的值开始。",
    ),
    "flat": text(
        "No suggestion, because the loss falls by less than 2 % at any rate: the weights are trained "
        "already, or no gradient reaches them.",
        "无建议：任何学习率下损失的下降都不足 2%：权值已训练好，或没有梯度到达。",
    ),
    "noisy": text(
        "No suggestion, because the loss changes more from batch to batch than it falls. A larger "
        "batch or more batches help.",
        "无建议：批次之间的波动大于下降幅度。增大批量或增加批次数会有帮助。",
    ),
    "still_falling": text(
        "No suggestion, because the loss still falls at η = {high}, the end of the range. Go higher.",
        "无建议：到范围末端 η = {high} 时损失仍在下降。请提高上限。",
    ),
    "failed": text(
        "No suggestion, because a step of the copy failed: {why}",
        "无建议：副本的一步训练失败：{why}",
    ),
    "out_of_memory": text(
        "No suggestion, because there was not enough memory for a copy of the network.",
        "无建议：内存不足以复制网络。",
    ),
}


def none(verdict: Verdict, **params: str) -> Judgement:
    """No suggestion, and why."""
    return Judgement(verdict, _SAYS[verdict].format(**params))


def memory(batches: int) -> float:
    """Share of the running mean that is kept at each batch of a test of this many."""
    return 1.0 - 1.0 / max(2.0, WINDOW * batches)


def smooth(losses: Sequence[float], batches: int) -> list[float]:
    """The running mean, its start corrected as Adam's is."""
    kept, mean, found = memory(batches), 0.0, []
    for count, loss in enumerate(losses, start=1):
        mean = kept * mean + (1.0 - kept) * loss
        found.append(mean / (1.0 - kept**count))
    return found


def has_left(losses: Sequence[float], smoothed: Sequence[float]) -> bool:
    """Whether going on would show nothing more: the loss diverges."""
    if not isfinite(losses[-1]):
        return True
    return len(losses) > 1 and smoothed[-1] > DIVERGED * min(smoothed)


def judge(rates: Sequence[float], losses: Sequence[float], batches: int) -> Judgement:
    """What a finished sweep of at most ``batches`` says; ``rates`` rise."""
    known = [loss for loss in losses if isfinite(loss)]
    low = _said(rates[0]) if rates else "–"
    broken = len(known) < len(losses)
    if len(known) < FEWEST:
        return none("diverges_at_once", low=low)
    raw, mean = np.array(known), np.array(smooth(known, batches))
    place = int(np.argmin(mean))
    first = float(np.mean(raw[: max(3, round(2 * WINDOW * batches))]))
    fall = first - float(mean[place])
    if place < 3 and (broken or bool(mean[-1] > DIVERGED * mean[place])):
        return none("diverges_at_once", low=low)
    if fall < FALL * abs(first):
        return none("flat")
    if fall < NOISE * _noise(raw[: place + 1], memory(batches)):
        return none("noisy")
    if not broken and place >= len(known) - 1 - TAIL * len(known):
        return none("still_falling", high=_said(rates[len(known) - 1]))
    return _suggested(rates, mean, place, max(2, round(WINDOW * batches)))


def _suggested(rates: Sequence[float], mean: Array, place: int, width: int) -> Judgement:
    """Between where the loss falls fastest, over ``width`` batches, and a decade below the lowest."""
    falls = mean[:-width] - mean[width:]
    last = max(1, place - width + 1)
    steepest, lowest = rates[int(np.argmax(falls[:last])) + width // 2], rates[place]
    suggestion = float(f"{min(steepest, math.sqrt(steepest * lowest / 10.0)):.2g}")
    reason = _SAYS["suggested"].format(steepest=_said(steepest), lowest=_said(lowest))
    return Judgement("suggested", reason, suggestion, steepest, lowest)


def _noise(raw: Array, kept: float) -> float:
    """Standard error of the running mean. Neighbours differ by √2 of the losses' spread, whatever
    the trend."""
    if len(raw) < 2:
        return 0.0
    spread = float(np.std(np.diff(raw))) / math.sqrt(2.0)
    return spread * math.sqrt((1.0 - kept) / (1.0 + kept))


def _said(rate: float) -> str:
    """Two digits: 10, 0.035, 1.5·10⁻⁵."""
    if rate >= 1e-3:
        return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"
    mantissa, _, exponent = f"{rate:.1e}".partition("e")
    digits = str(abs(int(exponent))).translate(_RAISED)
    return f"{mantissa.removesuffix('.0')}·10⁻{digits}" if rate > 0 else "0"

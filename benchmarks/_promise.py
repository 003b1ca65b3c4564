"""How far a preset may promise: the worst of many seeds, and as much again as they lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, floor, log10

from app.spec.presets import Goal
from benchmarks._presets import Result


def figures(goal: Goal, found: Sequence[Result]) -> list[float]:
    """What the goal is about, of every seed."""
    if goal.loss is not None:
        return [one.loss for one in found]
    if goal.perplexity is not None:
        return [exp(one.loss) for one in found]
    return [one.accuracy or 0.0 for one in found]


def rises(goal: Goal) -> bool:
    """Whether more is better; a preset that shows how training fails promises little."""
    return goal.accuracy is not None


def worst(goal: Goal, seen: Sequence[float]) -> float:
    return min(seen) if rises(goal) else max(seen)


def spread(seen: Sequence[float]) -> float:
    return max(seen) - min(seen)


def most(goal: Goal, seen: Sequence[float]) -> float:
    """The most that may be promised: the worst figure less the spread (of a loss: and the spread)."""
    sign = -1.0 if rises(goal) else 1.0
    return worst(goal, seen) + sign * spread(seen)


def safe(goal: Goal, seen: Sequence[float]) -> bool:
    """Whether the promise is no more than that; another processor rounds as another seed does."""
    figure = next(
        one
        for one in (goal.accuracy, goal.loss, goal.perplexity, goal.stays_below)
        if one is not None
    )
    limit = most(goal, seen)
    return figure <= limit + 1e-12 if rises(goal) else figure >= limit - 1e-12


def rounded(goal: Goal, seen: Sequence[float]) -> float:
    """:func:`most` in the digits of a promise, to the safe side: whole percents, two digits of a loss."""
    limit = most(goal, seen)
    if goal.accuracy is not None:
        return max(0.0, floor(100.0 * limit) / 100.0)
    if goal.stays_below is not None:
        return min(1.0, ceil(100.0 * limit) / 100.0)
    unit = 10.0 ** (floor(log10(limit)) - 1)
    return float(f"{ceil(limit / unit) * unit:.2g}")

"""Which values a number may take: an interval, its ends included. Plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

Reach = tuple[float, float]
ANY: Reach = (-inf, inf)
SLACK = 1e-6
"""An end that a function only comes near to counts as reached."""


def holds(reach: Reach, wanted: Reach) -> bool:
    """Whether every value of ``wanted`` lies in ``reach``."""
    return reach[0] <= wanted[0] + SLACK and reach[1] >= wanted[1] - SLACK


def hull(reaches: Iterable[Reach]) -> Reach:
    """The least interval that holds all of them."""
    lows, highs = zip(*reaches, strict=True)
    return (min(lows), max(highs))

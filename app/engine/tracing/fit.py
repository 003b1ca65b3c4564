"""Whether an explanation adds up: every one passes here before it leaves, and none else decides it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from app.protocol.refusals import DoesNotSum
from app.protocol.tracing import Cell, Kind, Precision, Term

SUMS: Mapping[Precision, float] = {"float64": 1e-9, "float32": 1e-5}
"""Rounding of a sum, as a share of Σ|terms|; measured over every layer it stays below an eighth."""
RULES: Mapping[Precision, float] = {"float64": 1e-12, "float32": 2.0**-22}
"""The optimiser's rule: a few roundings of one number."""
SMALLEST: Mapping[Precision, float] = {"float64": 2.0**-1022, "float32": 2.0**-126}
"""Below it numbers lose their digits, or are taken for 0."""


def allowed(precision: Precision, kind: Kind, scale: float, value: float) -> float:
    """How far the sum of the terms may be from the value: rounding, and nothing else."""
    if kind == "rule":
        return RULES[precision] * max(scale, abs(value)) + SMALLEST[precision]
    return SUMS[precision] * scale + SMALLEST[precision]


def require_sum(cell: Cell, value: float, total: float, bar: float) -> None:
    """Raises DoesNotSum. What is not finite has no sum that could be compared: it is shown as it is,
    since how a network breaks is what is looked for there."""
    if not (math.isfinite(value) and math.isfinite(total)) or abs(total - value) <= bar:
        return
    named = cell.model_dump_json(exclude_defaults=True, exclude={"doing"})
    raise DoesNotSum(
        pointer="/cell",
        node=cell.node,
        cell=named,
        value=f"{value:.9g}",
        total=f"{total:.9g}",
        off=f"{total - value:.2g}",
        bar=f"{bar:.2g}",
    )


def require_terms(precision: Precision, cell: Cell, terms: Sequence[Term], value: float) -> None:
    """The same for the terms of the optimiser's rule."""
    numbers = [float(term.value) for term in terms]
    bar = allowed(precision, "rule", sum(map(abs, numbers)), value)
    require_sum(cell, value, sum(numbers), bar)

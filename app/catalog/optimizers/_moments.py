"""The rule that Adam and AdamW share. No part of its own."""

from __future__ import annotations

import math
from dataclasses import replace

from app.catalog.optimizers._rule import (
    Before,
    Rule,
    decayed,
    downhill,
    remembered,
    setting,
    slope,
    squares,
    term,
    weight,
)

MEAN, SQUARE = "exp_avg", "exp_avg_sq"


def adam_rule(
    before: Before, beta1: float, beta2: float, epsilon: float, *, decoupled: bool
) -> Rule:
    """w + terms of m and g, divided alike by the bias-corrected root of s; ``decoupled`` shrinks w
    itself instead of adding λw to the gradient."""
    inner = replace(before, decay=0.0) if decoupled else before
    each, t = decayed(inner), before.count + 1
    mean, square = remembered("m", MEAN, before), remembered("s", SQUARE, before)
    new = beta2 * square.number + (1.0 - beta2) * each.number**2
    divisor = math.sqrt(new) / math.sqrt(1.0 - beta2**t) + epsilon
    eta = downhill(before)
    share = setting(
        r"\tfrac{1}{(1-\beta_1^t)(\sqrt{\hat s'}+\epsilon)}", 1.0 / ((1.0 - beta1**t) * divisor)
    )
    keep, take = setting(r"\beta_1", beta1), setting(r"(1-\beta_1)", 1.0 - beta1)
    terms = [term(weight(before))]
    if decoupled and before.decay:
        terms.append(term(eta, setting(r"\lambda", before.decay), weight(before)))
    terms += [term(eta, share, keep, mean), *slope(inner, eta, share, take)]
    seen = (
        term(setting(r"\beta_2", beta2), square),
        *squares(inner, setting(r"(1-\beta_2)", 1.0 - beta2)),
    )
    return Rule(tuple(terms), {MEAN: (term(keep, mean), *slope(inner, take)), SQUARE: seen})

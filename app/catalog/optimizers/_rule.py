"""An optimiser's rule written out for one weight: the terms of its next value and of its state.

Plain floats in double precision; no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod


@dataclass(frozen=True)
class Before:
    """One weight before the update. ``gradient`` is what the rule gets, after any clipping;
    ``count`` the updates this weight has had; ``rate`` and ``decay`` those of its group."""

    weight: float
    gradient: float
    state: Mapping[str, float]
    count: int
    rate: float
    decay: float


@dataclass(frozen=True)
class RuleFactor:
    """``of`` names a cell: ``weight``, ``gradient`` or a tensor of the state; else it is a setting."""

    symbol: str
    number: float
    of: str = ""


@dataclass(frozen=True)
class RuleTerm:
    """A product; its symbols side by side are its formula."""

    factors: tuple[RuleFactor, ...]

    @property
    def number(self) -> float:
        return prod(factor.number for factor in self.factors)

    @property
    def symbol(self) -> str:
        return r"\,".join(factor.symbol for factor in self.factors)


@dataclass(frozen=True)
class Rule:
    """``terms`` sum to the next weight, ``state[name]`` to the next value of each state tensor."""

    terms: tuple[RuleTerm, ...]
    state: Mapping[str, tuple[RuleTerm, ...]] = field(default_factory=dict)


def term(*factors: RuleFactor) -> RuleTerm:
    return RuleTerm(factors)


def setting(symbol: str, number: float) -> RuleFactor:
    return RuleFactor(symbol, number)


def downhill(before: Before) -> RuleFactor:
    """−η: what it multiplies is taken from the weight."""
    return setting(r"-\eta", -before.rate)


def weight(before: Before) -> RuleFactor:
    return RuleFactor("w", before.weight, "weight")


def gradient(before: Before) -> RuleFactor:
    return RuleFactor("g", before.gradient, "gradient")


def remembered(symbol: str, name: str, before: Before) -> RuleFactor:
    return RuleFactor(symbol, before.state.get(name, 0.0), name)


def slope(before: Before, *share: RuleFactor) -> list[RuleTerm]:
    """The gradient and, where there is weight decay inside it, λw; each times ``share``."""
    found = [term(*share, gradient(before))]
    if before.decay:
        found.append(term(*share, setting(r"\lambda", before.decay), weight(before)))
    return found


def squares(before: Before, *share: RuleFactor) -> list[RuleTerm]:
    """(g + λw)² multiplied out, so that every factor has a place; each times ``share``."""
    g, w = gradient(before), weight(before)
    found = [term(*share, g, g)]
    if before.decay:
        found.append(term(*share, setting(r"2\lambda", 2.0 * before.decay), g, w))
        found.append(term(*share, setting(r"\lambda^2", before.decay**2), w, w))
    return found


def decayed(before: Before) -> RuleFactor:
    """g + λw: the gradient itself where nothing decays."""
    if not before.decay:
        return gradient(before)
    return setting(r"(g+\lambda w)", before.gradient + before.decay * before.weight)

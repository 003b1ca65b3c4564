"""A tensor of the optimiser's state followed back: what every earlier step's gradient gave to it.

A state is linear in itself one step before: s′ = c·s + (what this step adds). Unrolled over the last
steps it is the sum of what each of them added, times the product of the c's since, and of what was
left of the state before. Every step is made again by exact replay; no rule is known here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from app.engine.tracing.fit import require_terms
from app.engine.tracing.reach import advance, copy, twin
from app.engine.tracing.rules import explain_rule, frozen
from app.engine.tracing.step import Trace
from app.protocol.tracing import Cell, ExplainWanted, Factor, Form, Term

if TYPE_CHECKING:
    from app.engine.session import Session

PATIENCE = 1.5
"""Seconds that the earlier steps may take; the first is made in any case."""


@dataclass
class Step:
    """What one step did to the state: kept share of the old value, and terms that it added."""

    kept: Factor | None
    share: float
    added: list[Term]


def followed(session: Session, cell: Cell, until: int, wanted: ExplainWanted) -> tuple[Term, ...]:
    """The state of ``cell`` at step ``until`` as terms of the last steps, newest first; the last term is what was left of the state before them. Fewer steps where each takes long."""
    walker, looker = twin(session), twin(session)
    first = max(0, until - wanted.depth)
    advance(session, walker, first)
    steps: list[Step] = []
    while first < until:
        began = time.monotonic()
        advance(session, walker, first)
        copy(walker, looker)
        steps.append(_of(Trace(looker, wanted.precision, None), cell, wanted.form))
        fits = max(1, int(PATIENCE / max(time.monotonic() - began, 1e-3)))
        if until - first - 1 > fits:
            steps, first = [], until - fits
        else:
            first += 1
    return _unrolled(steps)


def _of(trace: Trace, cell: Cell, form: Form) -> Step:
    node, tensor, state = str(cell.node), str(cell.tensor), str(cell.state)
    if frozen(trace, node, tensor, cell.index):
        before = trace.updated().state[f"{node}.{tensor}"][state]
        place = cell.model_copy(update={"step": trace.step})
        value = float(before[cell.index])
        return Step(Factor(value=value, meaning="value", place=place, symbol="s"), 1.0, [])
    found = Step(None, 0.0, [])
    terms = explain_rule(trace, node, tensor, cell.index, state, form=form)
    after = float(trace.updated().state_after[f"{node}.{tensor}"][state][cell.index])
    require_terms(trace.precision, cell.model_copy(update={"step": trace.step}), terms, after)
    for term in terms:
        own = next((f for f in term.factors if f.place and f.place.state == state), None)
        if own is None:
            found.added.append(term)
        else:
            found.kept = own
            found.share += prod(float(f.value) for f in term.factors if f is not own)
    return found


def _unrolled(steps: list[Step]) -> tuple[Term, ...]:
    terms: list[Term] = []
    share, age = 1.0, 0
    left: Factor | None = None
    for step in reversed(steps):
        terms += [_times(share, age, term) for term in step.added]
        if step.kept is None:
            return tuple(terms)
        share *= step.share
        age += bool(step.added)  # a frozen step forgets nothing
        left = step.kept
    assert left is not None
    faded = Factor(value=share, meaning="setting", symbol=_power(age))
    rest = Term(value=share * float(left.value), factors=(faded, left), symbol=_power(age) + r"\,s")
    return (*terms, rest)


def _power(age: int) -> str:
    if not age:
        return "1"
    return r"\beta" if age == 1 else rf"\beta^{{{age}}}"


def _times(share: float, age: int, term: Term) -> Term:
    """What a later step has left of a term."""
    if not age:
        return term
    faded = Factor(value=share, meaning="setting", symbol=_power(age))
    symbol = None if term.symbol is None else _power(age) + r"\," + term.symbol
    return Term(value=share * float(term.value), factors=(faded, *term.factors), symbol=symbol)

"""One weight's update as the terms of its optimiser's rule, with the places of all numbers."""

from __future__ import annotations

from app.catalog.optimizers._rule import Before, Rule, RuleFactor, RuleTerm
from app.engine.tracing.step import Trace
from app.protocol.tracing import Cell, Factor, Form, Term


def explain_rule(
    trace: Trace,
    node: str,
    tensor: str,
    index: tuple[int, ...],
    state: str | None = None,
    *,
    form: Form = "mean",
) -> tuple[Term, ...]:
    """The terms of the next weight, or (``state``) of the next value of a tensor of the state."""
    where = _Where(trace, node, tensor, index, trace.times(form))
    rule = where.rule()
    if rule is None:  # the loss does not depend on it: it stays what it is
        return explain_frozen(trace, node, tensor, index, None)
    return tuple(where.term(term) for term in (rule.state[state] if state else rule.terms))


def frozen(trace: Trace, node: str, tensor: str, index: tuple[int, ...]) -> bool:
    """Whether this step leaves the weight, and what is remembered of it, as they are."""
    if f"{node}.{tensor}" not in trace.updated().groups:
        return True
    trainer = trace.trainer
    marks = trainer.settings.frozen.get(node)
    held = {} if marks is None else trainer.network.rows(node, marks)
    if tensor not in held:
        return False
    axis, places = held[tensor]
    return index[axis] in places


def explain_frozen(
    trace: Trace, node: str, tensor: str, index: tuple[int, ...], state: str | None
) -> tuple[Term, ...]:
    """One term: what it was before."""
    where = _Where(trace, node, tensor, index)
    if state is None:
        return (where.term(RuleTerm((RuleFactor("w", where.weight, "weight"),))),)
    before = float(where.updated.state[where.name][state][index])
    return (where.term(RuleTerm((RuleFactor("s", before, state),))),)


class _Where:
    """One weight: its numbers before the update, and where they are to be found."""

    def __init__(
        self, trace: Trace, node: str, tensor: str, index: tuple[int, ...], times: float = 1.0
    ) -> None:
        """``times``: the gradient is shown as the batch's sum, which is so much the mean."""
        self.trace = trace
        self.times = times
        self.node, self.tensor, self.index = node, tensor, index
        self.name = f"{node}.{tensor}"
        self.updated = trace.updated()
        self.weight = float(self.updated.before[self.name][index])

    def rule(self) -> Rule | None:
        """Null where the parameter is not trained."""
        updated = self.updated
        if self.name not in updated.groups or self.name not in updated.used:
            return None
        group = updated.groups[self.name]
        states = updated.state[self.name]
        shape = updated.before[self.name].shape
        return self.trace.trainer.settings.optimizer.rule(
            Before(
                weight=self.weight,
                gradient=float(updated.used[self.name][self.index]),
                state={k: float(v[self.index]) for k, v in states.items() if v.shape == shape},
                count=int(states["step"]) if "step" in states else 0,
                rate=float(group["lr"]),
                decay=float(group["weight_decay"]),
            )
        )

    def term(self, term: RuleTerm) -> Term:
        factors = [made for factor in term.factors for made in self._factor(factor)]
        return Term(value=term.number, factors=tuple(factors), symbol=term.symbol)

    def _factor(self, factor: RuleFactor) -> list[Factor]:
        if not factor.of:
            return [Factor(value=factor.number, meaning="setting", symbol=factor.symbol)]
        if factor.of == "gradient":
            return self._gradient(factor)
        role = "parameter" if factor.of == "weight" else "state"
        state = None if role == "parameter" else factor.of
        place = self._cell(role, state)
        return [Factor(value=factor.number, meaning="value", place=place, symbol=factor.symbol)]

    def _gradient(self, factor: RuleFactor) -> list[Factor]:
        """The gradient, its mean over the batch where it is a sum, and what clipping leaves of it."""
        raw = float(self.trace.gradients[self.name][self.index])
        place = self._cell("gradient", None)
        made = [Factor(value=raw * self.times, meaning="value", place=place, symbol=factor.symbol)]
        if self.times != 1.0:
            made.append(Factor(value=1.0 / self.times, meaning="setting", symbol=r"\tfrac1n"))
        if raw not in (factor.number, 0.0):
            made.append(Factor(value=factor.number / raw, meaning="setting", symbol=r"\kappa"))
        return made

    def _cell(self, role: str, state: str | None) -> Cell:
        return Cell(
            role=role,  # type: ignore[arg-type]
            node=self.node,
            tensor=self.tensor,
            state=state,
            index=self.index,
            step=self.trace.step,
        )

"""A weight and what is remembered of it: what a step starts from, and what the optimiser's rule makes."""

from __future__ import annotations

import torch

from app.engine.tracing import formulas, words
from app.engine.tracing.answers import Answered, edited, given, no_state, unknown
from app.engine.tracing.asked import node_of
from app.engine.tracing.rules import explain_frozen, explain_rule, frozen
from app.engine.tracing.step import State, Trace
from app.protocol.tracing import Cell, Form, Rest


class Weights:
    """Answers about the parameters of one trace."""

    def __init__(self, trace: Trace, form: Form = "mean") -> None:
        self.trace = trace
        self.form = form

    def place(self, cell: Cell) -> tuple[str, str]:
        node = node_of(self.trace, cell)
        known = dict(self.trace.trainer.network.named_parameters())
        full = f"{node}.{cell.tensor}"
        if full not in known:
            raise unknown(
                "tensor",
                f"{node} has no parameter {cell.tensor!r}",
                f"{node} 没有参数 {cell.tensor!r}",
            )
        shape = tuple(known[full].shape)
        inside = len(cell.index) == len(shape) and all(
            0 <= i < n for i, n in zip(cell.index, shape, strict=True)
        )
        if not inside:
            wanted = "×".join(map(str, shape)) or "1"
            raise unknown("index", f"{full} is {wanted}", f"{full} 的形状为 {wanted}")
        return node, str(cell.tensor)

    def given(self, cell: Cell) -> Answered:
        """A number that the step starts from; what made it is the step before."""
        if not self.remembered(cell):
            return given(self.start(cell), words.NOTHING_YET)
        return given(self.start(cell), words.PARAMETER if cell.role == "parameter" else words.STATE)

    def remembered(self, cell: Cell) -> bool:
        """Whether the number is there when the step begins: an optimiser's first step makes its state."""
        own = self.trace.updated().state.get(f"{cell.node}.{cell.tensor}", {})
        return cell.role == "parameter" or cell.state in own

    def start(self, cell: Cell) -> float:
        """The number itself, as the run has it; 0 of a state that this step is the first to make.
        Raises NoSuchCell."""
        node, name = self.place(cell)
        updated = self.trace.updated()
        if cell.role == "parameter":
            return float(updated.before[f"{node}.{name}"][cell.index])
        coming = updated.state_after.get(f"{node}.{name}", {})
        nothing = {key: torch.zeros_like(value) for key, value in coming.items()}
        return self._state(cell, nothing | updated.state.get(f"{node}.{name}", {}))

    def _state(self, cell: Cell, states: State) -> float:
        """A number of the state that belongs to the one weight."""
        shape = self.trace.updated().before[f"{cell.node}.{cell.tensor}"].shape
        states = {key: value for key, value in states.items() if value.shape == shape}
        if cell.state not in states:
            raise no_state(cell, list(states))
        return float(states[cell.state][cell.index])

    def update(self, cell: Cell) -> Answered:
        node, name = self.place(cell)
        after = self.trace.updated().after[f"{node}.{name}"]
        return self._rule(cell, node, name, float(after[cell.index]), None)

    def written(self, cell: Cell) -> Answered:
        """A parameter that was written by hand before this step."""
        return edited(self.start(cell))

    def made(self, cell: Cell) -> Answered:
        """How this step's update made a parameter or a state that the next one starts from."""
        if cell.role == "parameter":
            answer = self.update(cell)
            answer.quantity = words.PARAMETER
            return answer
        node, name = self.place(cell)
        states = self.trace.updated().state_after.get(f"{node}.{name}", {})
        value = self._state(cell, states)
        answer = self._rule(cell, node, name, value, cell.state)
        answer.quantity = words.STATE
        return answer

    def _kept(self, cell: Cell, node: str, name: str, value: float, state: str | None) -> Answered:
        terms = explain_frozen(self.trace, node, name, cell.index, state)
        symbols = "w' = w" if state is None else "s' = s"
        answer = Answered(value, "frozen", "frozen", terms, Rest(count=0, value=0.0), "", symbols)
        answer.quantity = words.UPDATE
        return answer

    def _rule(self, cell: Cell, node: str, name: str, value: float, state: str | None) -> Answered:
        if frozen(self.trace, node, name, cell.index):
            return self._kept(cell, node, name, value, state)
        terms = explain_rule(self.trace, node, name, cell.index, state, form=self.form)
        formula = self.trace.trainer.settings.optimizer.FORMULA
        symbols = formulas.added([term.symbol or "" for term in terms])
        left = "w'" if state is None else "s'"
        return Answered(
            value,
            "rule",
            self.trace.trainer.settings.optimizer.kind(),
            terms,
            Rest(count=0, value=0.0),
            formula.forward if formula else "",
            f"{left} = {symbols}",
            quantity=words.UPDATE,
        )

"""Cells of a run drawn at random, explained, and held to what an explanation promises.

The sum is made here from the factors that are shown, not taken from the engine.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from app.engine.tracing.step import Trace
from app.engine.tracing.strands import names_of
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import NoDerivative, NoSuchCell
from app.protocol.tracing import (
    LOSS_NODE,
    Cell,
    ExplainWanted,
    Explanation,
    Factor,
    Form,
    Precision,
    Traced,
)
from app.spec.model import INPUT
from tests.engine.specs import Driven

CLOSE: dict[Precision, float] = {"float64": 1e-9, "float32": 2e-5}
FOLLOWED = 3
"""Places of each explanation that are asked for in turn."""


@dataclass
class Walk:
    """Draws cells of one step of a run; ``faults`` says what did not hold, in words."""

    driven: Driven
    seed: int
    precision: Precision = "float64"
    form: Form = "mean"
    step: int | None = None
    explained: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.tracer = Tracer(self.driven.session)
        self.pass_: dict[str, Any] = {"step": self.step, "precision": self.precision}
        self.here = self.driven.step if self.step is None else self.step

    @property
    def trace(self) -> Trace:
        return self.tracer.trace(Traced(**self.pass_))

    def run(self, count: int) -> Walk:
        """Explain about ``count`` cells, the places that they lead to among them."""
        while self.explained < count:
            for cell in self.cells():
                self.explain(cell)
        return self

    # --- which cells -----------------------------------------------------------------------------

    def cells(self) -> Iterator[Cell]:
        """One cell of every role that this network has."""
        yield Cell(role="loss")
        node = self.random.choice(self.trace.trainer.network.order)
        for role in ("activation", "sensitivity"):
            yield self._outside(role, self.random.choice([node, INPUT]))
            yield from self._inside(role, self.random.choice([node, LOSS_NODE]))
            yield from self._in_time(role)
        yield self._outside("net_input", node)
        targets = self.trace.targets
        sample, *index = self._index(targets)
        yield Cell(role="target", sample=sample, index=tuple(index))
        yield from self._of_parameters()

    def _index(self, tensor: torch.Tensor) -> tuple[int, ...]:
        return tuple(self.random.randrange(size) for size in tensor.shape)

    def _outside(self, role: Any, node: str) -> Cell:
        network = self.trace.trainer.network
        seen = network.sources[node][0] if role == "net_input" else node
        sample, *index = self._index(self.trace.values[seen])
        return Cell(role=role, node=node, sample=sample, index=tuple(index))

    def _inside(self, role: Any, node: str) -> Iterator[Cell]:
        found = [
            (operation.number, place, result)
            for operation in self.trace.open(node).graph.operations
            for place, result in enumerate(operation.results)
            if result is not None and result.tensor.numel()
        ]
        if found:
            number, place, result = self.random.choice(found)
            index = self._index(result.tensor)
            yield Cell(role=role, node=node, operation=number, result=place, index=index)

    def _in_time(self, role: Any) -> Iterator[Cell]:
        network = self.trace.trainer.network
        recurrent = [n for n in network.order if names_of(network.node(n))]
        if not recurrent:
            return
        node = self.random.choice(recurrent)
        graph = self.trace.open(node).graph
        layer, reverse, state = self.random.choice(list(graph.moments))
        moments = graph.moments[layer, reverse, state]
        sample, unit = self._index(moments[0].tensor)
        yield Cell(
            role=role,
            node=node,
            state=self.random.choice([state, f"u_{state}"]),
            sample=sample,
            index=(unit,),
            time=self.random.randrange(len(moments)),
            layer=layer,
            reverse=reverse,
        )

    def _of_parameters(self) -> Iterator[Cell]:
        parameters = list(self.trace.trainer.network.named_parameters())
        if not parameters:
            return
        for role in ("gradient", "update", "parameter", "state"):
            name, tensor = self.random.choice(parameters)
            node, _, own = name.partition(".")
            cell = Cell(role=role, node=node, tensor=own, index=self._index(tensor))
            if role != "state":
                yield cell
                continue
            states = self.trace.updated().state.get(name, {})
            kept = [key for key, value in states.items() if value.shape == tensor.shape]
            for key in kept[:1]:
                yield cell.model_copy(update={"state": key})

    # --- what must hold --------------------------------------------------------------------------

    def explain(self, cell: Cell, *, follow: int = FOLLOWED) -> Explanation | None:
        wanted = ExplainWanted(cell=cell, form=self.form, **self.pass_)
        self.explained += 1
        try:
            found = self.tracer.explain(wanted)
        except NoDerivative:
            return None
        except NoSuchCell:
            if not (cell.state or "").startswith("u_"):  # not every state has a net input
                self.faults.append(f"{cell} is not there")
            return None
        except Exception as error:  # a fault of its own, told with its cell
            self.faults.append(f"{cell}: {type(error).__name__}: {error}")
            return None
        self._check(found)
        factors = [f for term in found.terms for f in term.factors if f.place is not None]
        for factor in self.random.sample(factors, min(follow, len(factors))):
            self._follow(found, factor)
        return found

    def _check(self, found: Explanation) -> None:
        value = float(found.formula_value) if found.stored else float(found.value)
        self._check_stored(found)
        if found.kind == "given" or not found.terms:
            self._expect(found, "says another value", value, float(found.formula_value), abs(value))
            return
        total = float(found.rest.value)
        for term in found.terms:
            arguments = term.factors and term.factors[0].meaning == "argument"
            if arguments or not term.factors:
                total += float(term.value)
                continue
            product = math.prod(float(factor.value) for factor in term.factors)
            self._expect(found, "term", product, float(term.value), abs(float(term.value)))
            total += product
        self._expect(found, "sum", total, value, max(float(found.scale), abs(value)))

    def _check_stored(self, found: Explanation) -> None:
        """What a step starts from is the run's own number, to the bit."""
        cell = found.cell
        start = self.here if cell.step is None else cell.step
        if cell.role not in ("parameter", "state") or start != self.driven.step:
            return
        state = self.driven.session.trainer.state()
        name = f"{cell.node}.{cell.tensor}"
        own = state[f"optimizer.{name}.{cell.state}" if cell.role == "state" else f"model.{name}"]
        if float(own[cell.index]) != float(found.value):
            self.faults.append(f"{cell}: {found.value!r} for the run's {float(own[cell.index])!r}")

    def _follow(self, found: Explanation, factor: Factor) -> None:
        """What a place leads to shows the number that was clicked."""
        place = factor.place
        assert place is not None
        answer = self.explain(place, follow=0)
        if answer is None:
            if factor.meaning in ("value", "argument", "sensitivity"):
                self.faults.append(f"{found.cell} gives {place}, which cannot be asked for")
        elif factor.meaning in ("value", "argument", "sensitivity"):
            number = float(factor.value)
            self._expect(found, f"place {place}", float(answer.value), number, abs(number))

    def _expect(self, of: Explanation, what: str, came: float, right: float, scale: float) -> None:
        same = came == right or (math.isnan(came) and math.isnan(right))
        if same or abs(came - right) <= CLOSE[self.precision] * scale + 1e-300:
            return
        self.faults.append(
            f"{of.cell} ({of.kind}, {of.operation}): {what}: {came!r} for {right!r} of {scale!r}"
        )

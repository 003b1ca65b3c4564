"""Explains one cell of a trace: PyTorch's value, the terms that make it, the formula, the places."""

from __future__ import annotations

from collections.abc import Callable

import torch

from app.core.text import Text
from app.engine.tracing import formulas, words
from app.engine.tracing.adjoint import backward
from app.engine.tracing.answers import Answered, given, silenced, unknown
from app.engine.tracing.asked import node_of
from app.engine.tracing.capture import Value
from app.engine.tracing.cells import Cell as GraphCell
from app.engine.tracing.cells import flat_of, source
from app.engine.tracing.fit import allowed, require_sum
from app.engine.tracing.forward import forward
from app.engine.tracing.moments import resolved
from app.engine.tracing.places import Blocks, Context, largest, losers
from app.engine.tracing.step import Trace
from app.engine.tracing.sums import Found
from app.engine.tracing.updates import Weights
from app.protocol.refusals import NoDerivative
from app.protocol.tracing import (
    LOSS_NODE,
    Cell,
    Explanation,
    Factor,
    Form,
    Rest,
    Term,
    WrittenFormula,
)
from app.spec.model import INPUT


class Explainer:
    """Answers for one trace."""

    def __init__(self, trace: Trace, branch: int, form: Form = "mean") -> None:
        self.trace = trace
        self.branch = branch
        self.form = form
        self.factor = trace.times(form)
        self.weights = Weights(trace, form)

    def explain(self, cell: Cell) -> Explanation:
        """Raises NoSuchCell, NoDerivative or DoesNotSum."""
        answers: dict[str, Callable[[Cell], Answered]] = {
            "activation": self._activation,
            "net_input": self._net_input,
            "loss": self._activation,
            "sensitivity": self._sensitivity,
            "gradient": self._gradient,
            "update": self.weights.update,
            "state": self.weights.given,
            "parameter": self.weights.given,
            "target": self._target,
            "constant": self._constant,
        }
        return self.finished(cell, answers[cell.role](resolved(self.trace, cell)))

    def finished(self, cell: Cell, found: Answered) -> Explanation:
        """An answer with its differences and its formulas; raises DoesNotSum."""
        scale = found.scale
        if scale is None:
            scale = sum(abs(float(term.value)) for term in found.terms)
        bar = allowed(self.trace.precision, found.kind, scale, found.value)
        require_sum(cell, found.value, found.total, bar)
        value = found.value if found.stored is None else found.stored
        written = formulas.numbers(found.terms, found.rest.count, found.total, found.operation)
        return Explanation(
            cell=cell,
            step=self.trace.step,
            branch=self.branch,
            precision=self.trace.precision,
            form=self.form,
            samples=self.trace.count,
            quantity=found.quantity,
            kind=found.kind,
            operation=found.operation,
            title=words.TITLES[found.kind],
            value=value,
            formula_value=found.total,
            difference=found.total - value,
            scale=scale,
            allowed=bar,
            stored=found.stored is not None,
            formula=WrittenFormula(part=found.part, symbols=found.symbols, numbers=written),
            terms=found.terms,
            rest=found.rest,
            losers=found.losers,
        )

    # --- finding the cell ------------------------------------------------------------------------

    def _context(self, node: str) -> Context:
        network = self.trace.trainer.network
        sources = (network.output, "") if node == LOSS_NODE else network.sources[node]
        return Context(node, sources, self.trace.open(node).graph)

    def _inner(self, cell: Cell, node: str) -> GraphCell:
        """A cell of an elementary operation's result; its index covers all axes."""
        if node == INPUT:
            raise unknown("operation", "the input has no operations", "输入没有运算")
        operations = self.trace.open(node).graph.operations
        number = cell.operation or 0
        if number >= len(operations) or cell.result >= len(operations[number].results):
            raise unknown(
                "operation",
                f"{node} has {len(operations)} operations",
                f"{node} 有 {len(operations)} 个运算",
            )
        value = operations[number].results[cell.result]
        if value is None:
            raise unknown("result", "that result is not a tensor", "该结果不是张量")
        return GraphCell(value, self._flat(value, cell.index))

    def _flat(self, value: Value, index: tuple[int, ...]) -> int:
        flat = flat_of(value, index)
        if flat is None:
            shape = "×".join(map(str, value.tensor.shape)) or "1"
            raise unknown(
                "index",
                f"the index {list(index)} is outside {shape}",
                f"下标 {list(index)} 超出 {shape}",
            )
        return flat

    def _index(self, cell: Cell, tensor: torch.Tensor) -> tuple[int, ...]:
        """Sample and index together; a vector's index may be left out for a single number."""
        index = (cell.sample if cell.sample is not None else 0, *cell.index)
        shape = tuple(tensor.shape)
        if index[0] >= shape[0]:
            why = f"the batch has {shape[0]} samples", f"该批次有 {shape[0]} 个样本"
            raise unknown("sample", *why)
        if len(index) != len(shape) or any(
            not 0 <= i < n for i, n in zip(index, shape, strict=True)
        ):
            wanted = "×".join(map(str, shape))
            raise unknown(
                "index",
                f"sample and index {list(index)} are outside {wanted}",
                f"样本与下标 {list(index)} 超出 {wanted}",
            )
        return index

    # --- forward ---------------------------------------------------------------------------------

    def _activation(self, cell: Cell) -> Answered:
        node = node_of(self.trace, cell)
        if cell.operation is not None:
            inner = self._inner(cell, node)
            return self._forward(node, inner, inner.number)
        if node == LOSS_NODE:
            graph = self.trace.open(node).graph
            answer = self._forward(node, GraphCell(graph.output, 0), float(self.trace.loss))
            answer.quantity = words.LOSS
            return answer if self.form == "mean" else self._summed_loss(graph.output)
        tensor = self.trace.values[node]
        index = self._index(cell, tensor)
        if node == INPUT:
            return given(float(tensor[index]), words.INPUT)
        if self._silenced(node, cell.index):
            return silenced(float(tensor[index]), words.ACTIVATION)
        output = self.trace.open(node).graph.output
        return self._forward(
            node, GraphCell(output, self._flat(output, index)), float(tensor[index])
        )

    def _summed_loss(self, output: Value) -> Answered:
        """ΣE as the mean, a cell of its own, times what makes the chapter's sum of it."""
        loss = float(self.trace.loss)
        own = GraphCell(output, 0).number
        maker = self.trace.open(LOSS_NODE).graph.makers[output.number]
        place = Cell(
            role="activation",
            node=LOSS_NODE,
            operation=maker[0].number,
            doing=maker[0].name,
            result=maker[1],
        )
        mean = Factor(value=own, meaning="value", place=place)
        batch = Factor(value=self.factor, meaning="coefficient")
        term = Term(value=own * self.factor, factors=(mean, batch))
        nothing = Rest(count=0, value=0.0)
        part = self._part(LOSS_NODE, backward=False)
        answer = Answered(
            loss * self.factor, "linear", "mul", (term,), nothing, part, r"\textstyle\sum E = n\, E"
        )
        answer.quantity = words.LOSS_SUM
        return answer

    def _silenced(self, node: str, index: tuple[int, ...]) -> bool:
        trainer = self.trace.trainer
        marks = trainer.settings.silenced.get(node)
        return marks is not None and marks.has(index[trainer.network.unit_axis(node)])

    def _net_input(self, cell: Cell) -> Answered:
        node = node_of(self.trace, cell)
        network = self.trace.trainer.network
        if node not in network.order:
            raise unknown("node", "only a layer has a net input", "只有层才有净激活值")
        before = cell.model_copy(update={"role": "activation", "node": network.sources[node][0]})
        answer = self._activation(before)
        answer.quantity = words.NET_INPUT
        return answer

    def _forward(self, node: str, cell: GraphCell, value: float) -> Answered:
        context = self._context(node)
        at = source(context.graph, cell)
        part = self._part(node, backward=False)
        found = forward(context.graph, at)
        if found.kind == "given" and at != cell:
            return self._moved(context, at, value, part)
        if found.kind == "given":
            drawn = found.through is not None and found.through.drawn
            return given(value, words.DRAWN if drawn else words.CONSTANT)
        terms, rest = largest([(context, block) for block in found.blocks])
        name = found.through.name if found.through else "move"
        passed = losers(context, found.others)
        symbols = formulas.symbols(name)
        return Answered(value, found.kind, name, terms, rest, part, symbols, passed, found.scale)

    def _moved(self, context: Context, at: GraphCell, value: float, part: str) -> Answered:
        """A cell that was only put elsewhere: one term, itself."""
        from app.engine.tracing.sums import one, product

        block = product(one(at.number, "value", at))
        terms, rest = largest([(context, block)])
        return Answered(value, "move", "move", terms, rest, part, "x = u")

    def _part(self, node: str, *, backward: bool) -> str:
        trainer = self.trace.trainer
        part = (
            trainer.spec.training.phase.loss
            if node == LOSS_NODE
            else trainer.network.layers.get(node)
        )
        if part is None or part.FORMULA is None:
            return ""
        return part.FORMULA.backward if backward else part.FORMULA.forward

    def _target(self, cell: Cell) -> Answered:
        tensor = self.trace.targets
        return given(float(tensor[self._index(cell, tensor)]), words.TARGET)

    def _constant(self, cell: Cell) -> Answered:
        node = node_of(self.trace, cell)
        if cell.operation is None:
            return self._kept(cell, node)
        inner = self._inner(cell, node)
        return self._forward(node, inner, inner.number)

    def _kept(self, cell: Cell, node: str) -> Answered:
        """A number of a buffer, or of a tensor that the module had beforehand."""
        known = {} if node == INPUT else self.trace.open(node).graph.given
        if cell.tensor not in known:
            names = ", ".join(known) or "–"
            raise unknown(
                "tensor",
                f"{node} has no constant {cell.tensor!r}; it has: {names}",
                f"{node} 没有常数 {cell.tensor!r}；有：{names}",
            )
        value = known[cell.tensor]
        return given(GraphCell(value, self._flat(value, cell.index)).number, words.CONSTANT)

    # --- backward --------------------------------------------------------------------------------

    def _sensitivity(self, cell: Cell) -> Answered:
        node = node_of(self.trace, cell)
        if cell.operation is not None:
            return self._inner_sensitivity(cell, node)
        if node == LOSS_NODE:
            return given(self.factor, words.SENSITIVITY)
        tensor = self.trace.values[node]
        index = self._index(cell, tensor)
        delta = self.trace.sensitivity.get(node)
        if delta is None:
            raise NoDerivative(pointer="/cell/node", node=node, what=node)
        blocks: list[tuple[Context, object]] = []
        network = self.trace.trainer.network
        followers = [
            (m, k) for m in network.order for k, s in enumerate(network.sources[m]) if s == node
        ]
        followers += [(LOSS_NODE, 0)] if node == network.output else []
        for follower, slot in followers:
            opened = self.trace.open(follower)
            if not opened.sensitivities:
                continue
            value = opened.graph.inputs[slot]
            flat = self._flat(value, index)
            context = self._context(follower)
            blocks += [
                (context, b) for b in backward(opened.graph, value, flat, opened.sensitivities)
            ]
        part = self._part(followers[0][0], backward=True) if len(followers) == 1 else ""
        return self._sum(float(delta[index]), blocks, part, words.SENSITIVITY)  # type: ignore[arg-type]

    def _inner_sensitivity(self, cell: Cell, node: str) -> Answered:
        inner = self._inner(cell, node)
        opened = self.trace.open(node)
        delta = opened.sensitivities.get(inner.value.number)
        if delta is None:
            raise NoDerivative(pointer="/cell/operation", node=node, what=node)
        found = backward(opened.graph, inner.value, inner.flat, opened.sensitivities)
        context = self._context(node)
        value = float(delta[inner.index])
        return self._sum(value, [(context, b) for b in found], "", words.SENSITIVITY)

    def _gradient(self, cell: Cell) -> Answered:
        node, name = self.weights.place(cell)
        gradient = self.trace.gradients.get(f"{node}.{name}")
        if gradient is None:
            raise NoDerivative(pointer="/cell/tensor", node=node, what=f"{node}.{name}")
        opened = self.trace.open(node)
        value = opened.graph.parameters[name]
        flat = self._flat(value, cell.index)
        blocks = backward(opened.graph, value, flat, opened.sensitivities)
        context = self._context(node)
        part = self._part(node, backward=True)
        number = float(gradient[cell.index])
        return self._sum(number, [(context, b) for b in blocks], part, words.GRADIENT)

    def _sum(self, value: float, blocks: Blocks, part: str, quantity: Text) -> Answered:
        terms, rest = largest(blocks, self.factor)
        found = Found("linear", [block for _, block in blocks])
        symbols = (
            r"\frac{\partial E}{\partial w} = \sum_o \delta_o \frac{\partial u_o}{\partial w}"
            if quantity is words.GRADIENT
            else r"\frac{\partial E}{\partial x} = \sum_o \delta_o \frac{\partial u_o}{\partial x}"
        )
        answer = Answered(value * self.factor, "linear", "backward", terms, rest, part, symbols)
        answer.scale = found.magnitude * abs(self.factor)
        answer.quantity = quantity
        return answer

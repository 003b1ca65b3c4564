"""From a cell of a recorded graph to a cell that anybody can ask for, and back; and from blocks of
terms to the largest ones with all their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from app.engine.tracing.capture import Graph, Value
from app.engine.tracing.cells import Cell as GraphCell
from app.engine.tracing.cells import index_of, outcomes, sources
from app.engine.tracing.sums import Block, Side
from app.protocol.tracing import LOSS_NODE, Cell, Factor, Loser, Rest, Term

MOST_TERMS = 200


@dataclass(frozen=True)
class Context:
    """Whose graph it is: a node and the nodes its inputs come from."""

    node: str
    sources: tuple[str, ...]
    graph: Graph

    def values(self, value: Value, flats: Sequence[int]) -> list[Cell | None]:
        """Where values are to be found; copies are followed to what they copy."""
        return self._each(flats, lambda wanted: self._places(sources(self.graph, value, wanted)))

    def sensitivities(self, value: Value, flats: Sequence[int]) -> list[Cell | None]:
        """Where ∂E/∂(values) are to be found."""
        return self._each(flats, lambda wanted: self._sensitivities(value, wanted))

    @staticmethod
    def _each(flats: Sequence[int], find: Callable[[list[int]], list[Cell]]) -> list[Cell | None]:
        """A cell for every place; none for a place of −1."""
        found = iter(find([flat for flat in flats if flat >= 0]))
        return [next(found) if flat >= 0 else None for flat in flats]

    def _places(self, cells: Sequence[GraphCell]) -> list[Cell]:
        """Cells of one value follow each other mostly: their ways out are looked up together."""
        found: list[Cell] = []
        for value, run in groupby(cells, key=lambda cell: cell.value):
            together = list(run)
            if value.origin == "operation" and value.depends:
                found += self._computed("activation", value, [cell.flat for cell in together])
            else:
                found += [self._given(cell) for cell in together]
        return found

    def _given(self, cell: GraphCell) -> Cell:
        value, index = cell.value, cell.index
        if value.origin == "input":
            return self._input(int(value.name), index)
        if value.origin == "parameter":
            return Cell(role="parameter", node=self.node, tensor=value.name, index=index)
        if self.graph.makers.get(value.number) is None:
            name = self.graph.name_of(value)
            return Cell(role="constant", node=self.node, tensor=name, index=index)
        return self._inside("constant", value, index)

    def _input(self, number: int, index: tuple[int, ...]) -> Cell:
        if self.node == LOSS_NODE and number == 1:
            return Cell(role="target", sample=index[0], index=index[1:])
        node = self.sources[number]
        return Cell(role="activation", node=node, sample=index[0], index=index[1:])

    def _sensitivities(self, value: Value, flats: list[int]) -> list[Cell]:
        if value.origin != "input":
            return self._computed("sensitivity", value, flats)
        found = [self._input(int(value.name), index_of(value, flat)) for flat in flats]
        return [cell.model_copy(update={"role": "sensitivity"}) for cell in found]

    def _computed(self, role: str, value: Value, flats: list[int]) -> list[Cell]:
        ends = outcomes(self.graph, value, flats)
        return [
            self._outside(role, end)
            if end.value is self.graph.output
            else self._inside(role, value, end.index)
            for end in ends
        ]

    def _outside(self, role: str, end: GraphCell) -> Cell:
        if self.node == LOSS_NODE:
            return Cell(role="loss" if role == "activation" else "sensitivity", node=LOSS_NODE)
        index = end.index
        return Cell(role=role, node=self.node, sample=index[0], index=index[1:])  # type: ignore[arg-type]

    def _inside(self, role: str, value: Value, index: tuple[int, ...]) -> Cell:
        operation, result = self.graph.makers[value.number]
        return Cell(
            role=role,  # type: ignore[arg-type]
            node=self.node,
            operation=operation.number,
            doing=operation.name,
            result=result,
            index=index,
        )


Blocks = Sequence[tuple[Context, Block]]


def largest(blocks: Blocks, scale: float = 1.0) -> tuple[tuple[Term, ...], Rest]:
    """The largest terms of all blocks, biggest first, and what the others sum to."""
    everything = [block.values for _, block in blocks if block.values.numel()]
    if not everything:
        return (), Rest(count=0, value=0.0)
    values = torch.cat([v.double().cpu() for v in everything])
    kept = min(MOST_TERMS, values.numel())
    order = values.abs().nan_to_num(posinf=torch.inf, nan=torch.inf).topk(kept).indices
    mask = torch.ones_like(values, dtype=torch.bool)
    mask[order] = False
    terms: dict[int, Term] = {}
    first = 0
    for context, block in blocks:
        count = block.values.numel()
        inside = [k for k in order.tolist() if first <= k < first + count]
        made = _terms(context, block, [k - first for k in inside], scale)
        terms.update(zip(inside, made, strict=True))
        first += count
    rest = Rest(count=values.numel() - kept, value=float(values[mask].sum()) * scale)
    return tuple(terms[k] for k in order.tolist()), rest


def _terms(context: Context, block: Block, chosen: list[int], scale: float) -> list[Term]:
    if not chosen:
        return []
    picked = torch.tensor(chosen)
    columns = [_factors(context, side, picked, scale) for side in block.sides]
    values = block.values.cpu()[picked].double() * scale
    return [
        Term(value=float(values[k]), factors=tuple(column[k] for column in columns))
        for k in range(len(chosen))
    ]


def _factors(context: Context, side: Side, picked: torch.Tensor, scale: float) -> list[Factor]:
    numbers = side.numbers.cpu()[picked].double()
    if side.meaning == "sensitivity":
        numbers = numbers * scale
    places: list[Cell | None] = [None] * len(picked)
    if side.value is not None and side.cells is not None:
        flats = side.cells.cpu()[picked].tolist()
        find = context.sensitivities if side.meaning == "sensitivity" else context.values
        places = find(side.value, flats)
    return [
        Factor(
            value=number,
            meaning="coefficient" if place is None and side.meaning == "value" else side.meaning,
            place=place,
        )
        for number, place in zip(numbers.tolist(), places, strict=True)
    ]


def losers(context: Context, side: Side | None) -> tuple[Loser, ...]:
    """What a selection passed over."""
    if side is None or side.value is None or side.cells is None:
        return ()
    flats = side.cells.tolist()[:MOST_TERMS]
    places = context.values(side.value, flats)
    numbers = side.numbers.tolist()[:MOST_TERMS]
    return tuple(Loser(value=n, place=p) for n, p in zip(numbers, places, strict=True))


__all__ = ["MOST_TERMS", "Blocks", "Context", "index_of", "largest", "losers"]

"""How a cell of the backward pass comes about: upstream sensitivities times local derivatives."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from app.engine.tracing.capture import Graph, Operation, Value
from app.engine.tracing.cells import Cell, Use, uses
from app.engine.tracing.local import ADDED, added, column, derivatives, meetings, partner
from app.engine.tracing.sums import Block, Side, give_places, meeting, one, product
from app.engine.tracing.view import RESULT, View

WIDTH = 64


def sensitivities(graph: Graph, upstream: torch.Tensor) -> dict[int, torch.Tensor]:
    """∂E/∂(every value) by its number, from ∂E/∂(the output): PyTorch's own autograd over the
    recorded operations."""
    made: dict[int, torch.Tensor] = {}
    for value in (*graph.inputs, *graph.parameters.values()):
        if value.depends:
            made[value.number] = value.tensor.detach().clone().requires_grad_()
    with torch.enable_grad():
        for operation in graph.operations:
            if operation.depends:
                given = [made.get(v.number, v.tensor) for v in operation.slots]
                for result, tensor in zip(operation.results, operation.run(given), strict=True):
                    if result is not None and result.depends:
                        # A view of its own, so that a result that is its argument stays apart.
                        made[result.number] = tensor.view_as(tensor)
        end = made[graph.output.number]
        if not end.requires_grad:
            return {}
        leaves = {k: t for k, t in made.items() if t.requires_grad}
        found = derivatives(end, list(leaves.values()), upstream)
    return {k: g for k, g in zip(leaves, found, strict=True) if g is not None}


def backward(
    graph: Graph, value: Value, flat: int, upstream: Mapping[int, torch.Tensor]
) -> list[Block]:
    """The terms of ∂E/∂(a cell): over everything that computes with it, result δ × derivative."""
    blocks: list[Block] = []
    here = torch.tensor([flat], device=value.tensor.device)
    for use in uses(graph, value, here):
        if use.operation is None:
            delta = upstream[graph.output.number].double().reshape(-1)[use.flats]
            side = Side(delta, "sensitivity", graph.output, use.flats)
            blocks.append(product(side, Side(torch.ones_like(delta))))
            continue
        for place, result in enumerate(use.operation.results):
            if result is not None and result.number in upstream:
                delta = upstream[result.number]
                blocks.append(_column(use, place, result, delta))
    return blocks


def _column(use: Use, place: int, result: Value, delta: torch.Tensor) -> Block:
    operation, slot, flats = use.operation, use.slot, use.flats
    assert operation is not None
    single = int(flats[0]) if len(flats) == 1 else None
    argument = operation.slots[slot]
    if single is not None and operation.pointwise and argument.tensor.shape == result.tensor.shape:
        return _slope(operation, Cell(result, single), slot, delta)
    view = View(operation, place, None if single is None else (slot, single))
    local = view.inner(slot, flats)
    cells, right = _derivatives(view, slot, local)
    cells = view.outer(RESULT, cells)
    left = Side(delta.reshape(-1)[cells].double(), "sensitivity", result, cells)
    return product(left, right)


def _derivatives(view: View, slot: int, local: torch.Tensor) -> tuple[torch.Tensor, Side]:
    """The cells of the result that depend on these of a slot, and their derivatives by them."""
    operation = view.operation
    other = partner(operation, slot)
    met = None if other is None or len(local) != 1 else meetings(view, slot, other, local)
    if other is not None and met is not None:
        values = view.tensors[other].reshape(-1)
        cells = (met.gt(0) & values[(met - 1).clamp(min=0)].ne(0.0)).nonzero().reshape(-1)
        places = met[cells] - 1
        found = values[places]
        return cells, Side(found, "value", operation.slots[other], view.outer(other, places))
    plain = len(local) == 1 and ADDED.get(operation.name) == slot
    slopes = added(view, slot, local) if plain else column(view, view.tensors, slot, local)
    cells = slopes.nonzero().reshape(-1)
    right = Side(slopes[cells], "derivative")
    if other is not None:
        numbers = column(view, view.with_numbers(other), slot, local)
        give_places(right, numbers[cells], view, other)
    return cells, right


def _slope(operation: Operation, cell: Cell, slot: int, delta: torch.Tensor) -> Block:
    """φ′ at one cell times δ there; φ′ as PyTorch has it in the precision of the pass."""
    cells, numbers = meeting(operation, cell)
    # As wide as a vector unit: single numbers take another way through the kernels.
    given = [n.expand(WIDTH).clone() for n in numbers]
    given[slot].requires_grad_()
    with torch.enable_grad():
        made = operation.run(given)[0].sum()
        (gradient,) = derivatives(made, [given[slot]])
    left = one(float(delta[cell.index]), "sensitivity", cell)
    slope = 0.0 if gradient is None else float(gradient[0])
    other = partner(operation, slot)
    if other is not None and slope == float(numbers[other]):
        return product(left, one(slope, "value", cells[other]))
    return product(left, one(slope, "derivative", cells[slot]))

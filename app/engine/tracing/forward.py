"""How a cell of the forward pass comes about: the terms of its operation, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch

from app.engine.tracing.capture import Graph, Operation
from app.engine.tracing.cells import Cell
from app.engine.tracing.local import derivatives, partner, row
from app.engine.tracing.reductions import SELECTIONS, STATISTICS
from app.engine.tracing.sums import Block, Found, Kind, Side, give_places, meeting, one, product
from app.engine.tracing.view import RESULT, View

LINEAR: dict[str, tuple[int, ...]] = {
    "convolution": (0, 2),
    "addmm": (0, 1),
    "mm": (0,),
    "bmm": (0,),
    "baddbmm": (0, 1),
}
"""Slots in which costly operations are linear together; of all others it is tried out."""


def forward(graph: Graph, cell: Cell) -> Found:
    """How a computed cell comes about; it must be no copy (see ``cells.source``)."""
    maker = graph.makers.get(cell.value.number)
    if maker is None or not cell.value.tensor.is_floating_point():
        return Found("given", [])
    operation, result = maker
    if operation.drawn or operation.empty:
        return Found("given", [], operation)
    if operation.pointwise:
        return _pointwise(operation, cell)
    named = STATISTICS.get((operation.name, result)) or SELECTIONS.get(operation.name)
    if named is not None:
        found = named(operation, cell, result)
        if found is not None:
            return found
    view = View(operation, result, (RESULT, cell.flat))
    slots = _linear_slots(view)
    if slots is not None:
        return Found("linear", _linear(view, cell, slots), operation)
    return _function(operation, cell)


def _linear_slots(view: View) -> tuple[int, ...] | None:
    operation = view.operation
    if operation.name in LINEAR:
        return tuple(s for s in LINEAR[operation.name] if s < len(operation.slots))
    floating = [i for i, v in enumerate(operation.slots) if v.tensor.is_floating_point()]
    for count in range(len(floating), 0, -1):
        for slots in combinations(floating, count):
            if _additive(operation, view.tensors, view.result, slots):
                return slots
    return None


def _additive(
    operation: Operation, tensors: Sequence[torch.Tensor], result: int, slots: Sequence[int]
) -> bool:
    """Whether f(a + b) = f(a) + f(b) in these slots together, on cells drawn at random."""
    generator = torch.Generator().manual_seed(1)

    def drawn() -> list[torch.Tensor]:
        found = list(tensors)
        for slot in slots:
            random = torch.randn(tensors[slot].shape, generator=generator, dtype=torch.float64)
            found[slot] = random.to(tensors[slot].device) * 3.0
        return found

    a, b = drawn(), drawn()
    both = [x + y if i in slots else x for i, (x, y) in enumerate(zip(a, b, strict=True))]
    try:
        fa, fb, fab = (operation.run(given)[result] for given in (a, b, both))
    except RuntimeError:
        return False
    return torch.allclose(fa + fb, fab, rtol=1e-9, atol=1e-9)


def _linear(view: View, cell: Cell, slots: Sequence[int]) -> list[Block]:
    """Σ cell × coefficient over the slots; where the coefficient is itself a cell, it has a place."""
    operation = view.operation
    local = int(view.inner(RESULT, torch.tensor(cell.flat)))
    rows = row(view, view.tensors, local)
    blocks = []
    for slot in slots:
        found = rows[slot]
        if found is None:
            continue
        cells = found.nonzero().reshape(-1)
        coefficients = found[cells]
        left = Side(
            view.tensors[slot].reshape(-1)[cells],
            "value",
            operation.slots[slot],
            view.outer(slot, cells),
        )
        right = Side(coefficients)
        other = partner(operation, slot)
        if other is not None:
            numbers = row(view, view.with_numbers(other), local)[slot]
            assert numbers is not None
            give_places(right, numbers[cells], view, other)
        blocks.append(product(left, right))
    return blocks


def _pointwise(operation: Operation, cell: Cell) -> Found:
    cells, numbers = _doubled(operation, cell)
    floating = [i for i, n in enumerate(numbers) if n.is_floating_point()]
    wide = [n.expand(16) if n.is_floating_point() else n for n in numbers]
    for count in range(len(floating), 0, -1):
        for slots in combinations(floating, count):
            if _additive(operation, wide, 0, slots):
                blocks = _products(operation, cells, numbers, slots)
                found = Found("linear", blocks, operation)
                if abs(found.total - cell.number) <= 1e-5 * max(found.magnitude, 1e-30):
                    return found
    return _function(operation, cell)


def _products(
    operation: Operation, cells: list[Cell], numbers: list[torch.Tensor], slots: Sequence[int]
) -> list[Block]:
    """Cell × what it is multiplied with: another cell, one over it, or a plain number."""
    given = [n.clone().requires_grad_() if i in slots else n for i, n in enumerate(numbers)]
    with torch.enable_grad():
        made = operation.run(given)[0]
        gradients = derivatives(made, [given[i] for i in slots])
    blocks = []
    others = [i for i, n in enumerate(numbers) if i not in slots and n.is_floating_point()]
    for slot, gradient in zip(slots, gradients, strict=True):
        coefficient = 0.0 if gradient is None else float(gradient)
        if coefficient == 0.0 and len(slots) > 1:
            continue
        left = one(float(numbers[slot]), "value", cells[slot])
        right = Side(torch.full_like(left.numbers, coefficient))
        if len(others) == 1:
            _name_factor(right, coefficient, float(numbers[others[0]]), cells[others[0]])
        blocks.append(product(left, right))
    return blocks


def _name_factor(side: Side, coefficient: float, number: float, cell: Cell) -> None:
    if coefficient == number:
        side.meaning = "value"
    elif number != 0.0 and abs(coefficient * number - 1.0) < 1e-12:
        side.meaning = "reciprocal"
    else:
        return
    side.value, side.cells = cell.value, torch.tensor([cell.flat], device=cell.value.tensor.device)


def _function(operation: Operation, cell: Cell) -> Found:
    """A value that is no sum: the operation made again, in float64, from the numbers it takes."""
    if operation.pointwise:
        cells, numbers = _doubled(operation, cell)
        value = float(operation.run(numbers)[0])
        sides = [one(float(n), "argument", c) for c, n in zip(cells, numbers, strict=True)]
        kind: Kind = "pointwise"
    else:
        maker = next(k for k, r in enumerate(operation.results) if r is cell.value)
        whole = View(operation, maker)
        value = float(operation.run(whole.tensors)[maker].reshape(-1)[cell.flat])
        sides, kind = [], "function"
    values = torch.tensor([value], dtype=torch.float64, device=cell.value.tensor.device)
    return Found(kind, [Block(values, sides, product=False)], operation)


def _doubled(operation: Operation, cell: Cell) -> tuple[list[Cell], list[torch.Tensor]]:
    cells, numbers = meeting(operation, cell)
    return cells, [n.double() if n.is_floating_point() else n for n in numbers]

"""Where a cell of a tensor comes from and goes to, through operations that only move cells.

Found by sending cell numbers instead of values through the operation itself, so that no kind of
view or copy has code of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from app.engine.tracing.capture import Graph, Operation, Value


@dataclass(frozen=True)
class Cell:
    """One number of a value, by its place in reading order."""

    value: Value
    flat: int

    @property
    def index(self) -> tuple[int, ...]:
        return index_of(self.value, self.flat)

    @property
    def number(self) -> float:
        return float(self.value.tensor[self.index])


def index_of(value: Value, flat: int) -> tuple[int, ...]:
    """The cell's coordinates, batch axis first where there is one."""
    index: list[int] = []
    for size in reversed(value.tensor.shape):
        index.append(flat % size)
        flat //= size
    return tuple(reversed(index))


def flat_of(value: Value, index: tuple[int, ...]) -> int | None:
    """The cell's place in reading order; null where there is no such cell."""
    shape = value.tensor.shape
    if len(index) != len(shape) or any(not 0 <= i < n for i, n in zip(index, shape, strict=True)):
        return None
    flat = 0
    for i, size in zip(index, shape, strict=True):
        flat = flat * size + i
    return flat


def numbered(tensor: torch.Tensor, first: int = 1) -> torch.Tensor:
    """A tensor of the same shape that holds the number of every cell, as float64."""
    count = tensor.numel()
    numbers = torch.arange(first, first + count, dtype=torch.float64, device=tensor.device)
    return numbers.view(tensor.shape)


def _map(operation: Operation) -> tuple[torch.Tensor, list[int]]:
    """For every cell of a move's result the number of the cell it copies (0: a constant), and
    where the numbers of each slot begin."""
    starts: list[int] = []
    tensors: list[torch.Tensor] = []
    first = 1
    for value in operation.slots:
        starts.append(first)
        if value.tensor.is_floating_point():
            tensors.append(numbered(value.tensor, first))
            first += value.tensor.numel()
        else:
            tensors.append(value.tensor)
    found = operation.run(tensors)[0]
    if not found.is_floating_point() or found.dtype != torch.float64:
        found = found.double()
    return found.reshape(-1), starts


def source(graph: Graph, cell: Cell) -> Cell:
    """The cell that this one is a copy of: made by an operation that computes, or given."""
    while True:
        maker = graph.makers.get(cell.value.number)
        if maker is None or not maker[0].moves or not cell.value.tensor.is_floating_point():
            return cell
        came = _one_back(maker[0], cell.flat)
        if came is None:
            return cell
        cell = came


def _one_back(operation: Operation, flat: int) -> Cell | None:
    numbers, starts = _map(operation)
    number = round(float(numbers[flat]))
    for value, first in zip(operation.slots, starts, strict=True):
        if value.tensor.is_floating_point() and first <= number < first + value.tensor.numel():
            return Cell(value, number - first)
    return None


def onward(operation: Operation, slot: int, flats: torch.Tensor) -> torch.Tensor:
    """The cells of a move's result that are copies of these cells of one slot."""
    numbers, starts = _map(operation)
    return torch.isin(numbers, (flats + starts[slot]).double()).nonzero().reshape(-1)


@dataclass(frozen=True)
class Use:
    """Cells of one slot of an operation; a null operation is the end of the graph."""

    operation: Operation | None
    slot: int
    flats: torch.Tensor


def uses(graph: Graph, value: Value, flats: torch.Tensor) -> list[Use]:
    """What computes with these cells, copies of them included."""
    found: list[Use] = []
    if value is graph.output:
        found.append(Use(None, 0, flats))
    for operation, slot in graph.users.get(value.number, ()):
        if not operation.moves:
            found.append(Use(operation, slot, flats))
            continue
        result = operation.results[0]
        if result is not None and result.depends:
            moved = onward(operation, slot, flats)
            if moved.numel():
                found += uses(graph, result, moved)
    return found


def outcome(graph: Graph, cell: Cell) -> Cell:
    """The cell of the graph's output that this one only moves to; itself if it does anything else."""
    here = cell
    while here.value is not graph.output:
        users = graph.users.get(here.value.number, [])
        if len(users) != 1 or not users[0][0].moves:
            return cell
        operation, slot = users[0]
        result = operation.results[0]
        moved = onward(operation, slot, torch.tensor([here.flat], device=here.value.tensor.device))
        if result is None or moved.numel() != 1:
            return cell
        here = Cell(result, int(moved[0]))
    return here

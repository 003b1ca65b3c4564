"""Where a cell of a tensor comes from and goes to, through operations that only move cells.

Found by sending cell numbers instead of values through the operation itself, so that no kind of
view or copy has code of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    where the numbers of each slot begin. Kept with the operation."""
    if operation.moved is not None:
        return operation.moved
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
    operation.moved = operation.run(tensors)[0].double().reshape(-1), starts
    return operation.moved


def source(graph: Graph, cell: Cell) -> Cell:
    """The cell that this one is a copy of: made by an operation that computes, or given."""
    return sources(graph, cell.value, [cell.flat])[0]


def sources(graph: Graph, value: Value, flats: Sequence[int]) -> list[Cell]:
    """The same for many cells of one value."""
    maker = graph.makers.get(value.number)
    if maker is None or not maker[0].moves or not value.tensor.is_floating_point():
        return [Cell(value, flat) for flat in flats]
    operation = maker[0]
    numbers, starts = _map(operation)
    found = [Cell(value, flat) for flat in flats]
    came = numbers[torch.tensor(list(flats), device=numbers.device)].round().long().tolist()
    for before, first in zip(operation.slots, starts, strict=True):
        if not before.tensor.is_floating_point():
            continue
        inside = [k for k, n in enumerate(came) if first <= n < first + before.tensor.numel()]
        if inside:
            earlier = sources(graph, before, [came[k] - first for k in inside])
            for k, cell in zip(inside, earlier, strict=True):
                found[k] = cell
    return found


def onward(operation: Operation, slot: int, flats: torch.Tensor) -> torch.Tensor:
    """The cells of a move's result that are copies of these cells of one slot."""
    numbers, starts = _map(operation)
    wanted = (flats + starts[slot]).double()
    if wanted.numel() == 1:
        return (numbers == wanted).nonzero().reshape(-1)
    return torch.isin(numbers, wanted).nonzero().reshape(-1)


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


def outcomes(graph: Graph, value: Value, flats: Sequence[int]) -> list[Cell]:
    """The cells of the graph's output that these only move to; themselves if they do more."""
    stay = [Cell(value, flat) for flat in flats]
    here, at = value, list(flats)
    while here is not graph.output:
        users = graph.users.get(here.number, [])
        if len(users) != 1 or not users[0][0].moves:
            return stay
        operation, slot = users[0]
        result = operation.results[0]
        if result is None:
            return stay
        at = _followed(operation, slot, at)
        here = result
    return [Cell(here, flat) if flat >= 0 else stay[k] for k, flat in enumerate(at)]


def _followed(operation: Operation, slot: int, flats: Sequence[int]) -> list[int]:
    """The one cell of a move's result that copies each of these; −1 where there is not just one."""
    numbers, starts = _map(operation)
    wanted = torch.tensor([flat + starts[slot] if flat >= 0 else -1 for flat in flats])
    places = torch.isin(numbers, wanted.double().to(numbers.device)).nonzero().reshape(-1)
    found: dict[int, list[int]] = {}
    for number, place in zip(numbers[places].long().tolist(), places.tolist(), strict=True):
        found.setdefault(number, []).append(place)
    copies = (found.get(number, []) for number in wanted.tolist())
    return [places[0] if len(places) == 1 else -1 for places in copies]

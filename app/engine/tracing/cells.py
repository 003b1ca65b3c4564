"""Where a cell of a tensor comes from and goes to, through operations that only move cells.

Found by sending cell numbers instead of values through the operation itself, so that no kind of
view or copy has code of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def _map(operation: Operation) -> tuple[list[torch.Tensor], list[int]]:
    """For every cell of each result of a move the number of the cell it copies (0: a constant), and
    where the numbers of each slot begin. Kept with the operation."""
    if operation.moved is None:
        starts: list[int] = []
        first = 1
        for value in operation.slots:
            starts.append(first)
            first += value.tensor.numel() if value.tensor.is_floating_point() else 0
        once, again = (_sent(operation, starts, more) for more in (0, 1))
        # What copies a cell shows the other number; a constant, or an integer made real, does not.
        maps = [torch.where(b - a == 1.0, a, 0.0) for a, b in zip(once, again, strict=True)]
        operation.moved = maps, starts
    return operation.moved


def _sent(operation: Operation, starts: Sequence[int], more: int) -> list[torch.Tensor]:
    """All results, flat, of cell numbers that begin ``more`` higher."""
    given = [
        numbered(v.tensor, first + more) if v.tensor.is_floating_point() else v.tensor
        for v, first in zip(operation.slots, starts, strict=True)
    ]
    return [made.double().reshape(-1) for made in operation.run(given)]


def source(graph: Graph, cell: Cell) -> Cell:
    """The cell that this one is a copy of: made by an operation that computes, or given."""
    return sources(graph, cell.value, [cell.flat])[0]


def sources(graph: Graph, value: Value, flats: Sequence[int]) -> list[Cell]:
    """The same for many cells of one value."""
    maker = graph.makers.get(value.number)
    if maker is None or not maker[0].moves or not value.tensor.is_floating_point():
        return [Cell(value, flat) for flat in flats]
    operation, result = maker
    maps, starts = _map(operation)
    numbers = maps[result]
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


def onward(
    operation: Operation, slot: int, flats: torch.Tensor
) -> Iterator[tuple[Value, torch.Tensor]]:
    """The cells of a move's results that are copies of these cells of one slot, result by result."""
    maps, starts = _map(operation)
    wanted = (flats + starts[slot]).double()
    for result, numbers in zip(operation.results, maps, strict=True):
        if result is None or not result.depends:
            continue
        single = wanted.numel() == 1
        copies = numbers == wanted if single else torch.isin(numbers, wanted)
        if bool(copies.any()):
            yield result, copies.nonzero().reshape(-1)


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
        for result, moved in onward(operation, slot, flats):
            found += uses(graph, result, moved)
    return found


def outcomes(graph: Graph, value: Value, flats: Sequence[int]) -> list[Cell]:
    """The cells of the graph's output that these only move to; themselves if they do more."""
    found = [Cell(value, flat) for flat in flats]
    left = [(value, list(range(len(flats))), list(flats))]
    while left:
        here, places, at = left.pop()
        if here is graph.output:
            for place, flat in zip(places, at, strict=True):
                found[place] = Cell(here, flat)
            continue
        users = graph.users.get(here.number, [])
        if len(users) == 1 and users[0][0].moves:
            left += _followed(*users[0], places, at)
    return found


def _followed(
    operation: Operation, slot: int, places: Sequence[int], flats: Sequence[int]
) -> Iterator[tuple[Value, list[int], list[int]]]:
    """By result of a move those of these cells that have a single copy, and where in it."""
    maps, starts = _map(operation)
    wanted = torch.tensor([flat + starts[slot] for flat in flats]).double()
    copies: dict[int, list[tuple[int, int]]] = {}
    for result, numbers in enumerate(maps):
        where = torch.isin(numbers, wanted.to(numbers.device)).nonzero().reshape(-1)
        for number, flat in zip(numbers[where].long().tolist(), where.tolist(), strict=True):
            copies.setdefault(number, []).append((result, flat))
    by_result: dict[int, tuple[list[int], list[int]]] = {}
    for place, number in zip(places, wanted.long().tolist(), strict=True):
        single = copies.get(number, [])
        if len(single) == 1:
            kept = by_result.setdefault(single[0][0], ([], []))
            kept[0].append(place)
            kept[1].append(single[0][1])
    for result, (kept_places, kept_flats) in by_result.items():
        made = operation.results[result]
        if made is not None:
            yield made, kept_places, kept_flats

"""A cell as a sum of terms: blocks of products, and what is known of every factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from app.engine.tracing.capture import Operation, Value
from app.engine.tracing.cells import Cell
from app.engine.tracing.local import broadcast_cell
from app.engine.tracing.view import View

Kind = Literal["linear", "pointwise", "selection", "statistic", "function", "move", "given"]
Meaning = Literal[
    "value", "sensitivity", "derivative", "coefficient", "reciprocal", "deviation", "argument"
]

CANCELLING = frozenset({"gelu"})
"""PyTorch makes u·(1 + erf(u/√2))/2 as it stands: in float32 nothing is left of the sum below about
−5.5, so that its value is right to a rounding of u, not to one of its own. Measured over −12…12, every
other activation of the catalogue is right to 2·10⁻⁷ of its own value."""


@dataclass
class Side:
    """One factor of every term of a block; ``cells`` (flat places in ``value``) says where it is.

    A cell of −1 has no place.
    """

    numbers: torch.Tensor
    meaning: Meaning = "coefficient"
    value: Value | None = None
    cells: torch.Tensor | None = None


@dataclass
class Block:
    """Terms of one kind: each is the product of its sides, unless ``product`` is off."""

    values: torch.Tensor
    sides: list[Side]
    product: bool = True


@dataclass
class Found:
    """A cell explained. ``others``: what a selection passed over; ``through``: its operation."""

    kind: Kind
    blocks: list[Block]
    through: Operation | None = None
    others: Side | None = None

    @property
    def total(self) -> float:
        return sum(float(block.values.sum()) for block in self.blocks)

    @property
    def magnitude(self) -> float:
        return sum(float(block.values.abs().sum()) for block in self.blocks)

    @property
    def scale(self) -> float:
        """What a rounding error is measured by: Σ|terms|; for functions that cancel in themselves
        the numbers they take, where those are larger."""
        if self.through is None or self.through.name not in CANCELLING:
            return self.magnitude
        taken = [s.numbers for b in self.blocks if not b.product for s in b.sides]
        return max([self.magnitude, *(float(t.abs().max()) for t in taken)], default=0.0)


def product(*sides: Side) -> Block:
    values = sides[0].numbers
    for side in sides[1:]:
        values = values * side.numbers
    return Block(values, list(sides))


def one(number: float, meaning: Meaning, cell: Cell) -> Side:
    device = cell.value.tensor.device
    return Side(
        torch.tensor([number], dtype=torch.float64, device=device),
        meaning,
        cell.value,
        torch.tensor([cell.flat], device=device),
    )


def give_places(side: Side, numbers: torch.Tensor, view: View, slot: int) -> None:
    """Where a coefficient is the value of a single cell, say which; numbers count from 1."""
    places = numbers.round().long() - 1
    values = view.tensors[slot].reshape(-1)
    fits = (places >= 0) & (places < values.numel())
    fits &= (values[places.clamp(0, values.numel() - 1)] - side.numbers).abs() <= 1e-12
    side.meaning = "value"
    side.value = view.operation.slots[slot]
    side.cells = torch.where(fits, view.outer(slot, places.clamp(0, values.numel() - 1)), -1)


def meeting(operation: Operation, cell: Cell) -> tuple[list[Cell], list[torch.Tensor]]:
    """The cells of every slot that meet in a pointwise operation's result, and their numbers."""
    if operation.name == "_prelu_kernel":
        return _prelu_meeting(operation, cell)
    cells = [Cell(v, broadcast_cell(v, cell.value, cell.flat)) for v in operation.slots]
    return cells, [c.value.tensor[c.index] for c in cells]


def _prelu_meeting(operation: Operation, cell: Cell) -> tuple[list[Cell], list[torch.Tensor]]:
    u, a = operation.slots
    cells = [Cell(u, cell.flat), Cell(a, broadcast_cell(a, cell.value, cell.flat))]
    return cells, [c.value.tensor[c.index] for c in cells]

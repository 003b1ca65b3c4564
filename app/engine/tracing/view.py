"""An operation cut down to what one cell needs: the other samples, channels, rows are left away.

Two tensors of an operation may go *side by side* along an axis each: a cell of the result at a place
on its axis then depends only on cells of the slots at the same place on theirs. Batches go so through
nearly everything, output channels through a convolution's result, kernels and bias, every axis
through what works cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from app.engine.tracing.capture import Operation
from app.engine.tracing.cells import numbered

Tensors = list[torch.Tensor]
RESULT = None
Beside = Mapping[int | None, int]
"""Axes that go side by side, by slot; the result's under ``RESULT``."""


def _shape(operation: Operation, slot: int) -> torch.Size:
    return operation.slots[slot].tensor.shape


def _convolution(operation: Operation, result: torch.Size) -> list[Beside]:
    found: list[Beside] = [{RESULT: 0, 0: 0}]
    transposed, groups = operation.argument(6), operation.argument(8)
    if groups == 1:
        channels: dict[int | None, int] = {RESULT: 1, 1: 1 if transposed else 0}
        found.append(channels | ({2: 0} if len(operation.slots) > 2 else {}))
    return found


def _product(first: int) -> Callable[[Operation, torch.Size], list[Beside]]:
    """Matrix products of the slots ``first`` and the next; with a sum to the slot before them."""

    def axes(operation: Operation, result: torch.Size) -> list[Beside]:
        last = len(result) - 1
        found: list[dict[int | None, int]] = [
            {RESULT: last - 1, first: last - 1},
            {RESULT: last, first + 1: last},
        ]
        if last == 2:
            found.append({RESULT: 0, first: 0, first + 1: 0})
        if first:
            _broadcast(operation, 0, result, found)
        return list(found)

    return axes


def _planes(dimensions: int) -> Callable[[Operation, torch.Size], list[Beside]]:
    """Pooling: samples and maps."""

    def axes(operation: Operation, result: torch.Size) -> list[Beside]:
        return [{RESULT: k, 0: k} for k in range(len(result) - dimensions)]

    return axes


def _broadcast(
    operation: Operation, slot: int, result: torch.Size, into: list[dict[int | None, int]]
) -> None:
    shape = _shape(operation, slot)
    skipped = len(result) - len(shape)
    for beside in into:
        axis = beside[RESULT] - skipped
        if axis >= 0 and shape[axis] > 1:
            beside[slot] = axis


def _cellwise(operation: Operation, result: torch.Size) -> list[Beside]:
    found: list[dict[int | None, int]] = [{RESULT: k} for k in range(len(result))]
    for slot in range(len(operation.slots)):
        _broadcast(operation, slot, result, found)
    return list(found)


KNOWN: dict[str, Callable[[Operation, torch.Size], list[Beside]]] = {
    "convolution": _convolution,
    "mm": _product(0),
    "bmm": _product(0),
    "addmm": _product(1),
    "baddbmm": _product(1),
    "avg_pool1d": _planes(1),
    "avg_pool2d": _planes(2),
    "avg_pool3d": _planes(3),
    "_adaptive_avg_pool2d": _planes(2),
    "adaptive_max_pool2d": _planes(2),
    "max_pool2d_with_indices": _planes(2),
    "max_pool3d_with_indices": _planes(3),
}
"""Operations whose axes are known; any other is left whole, unless it works cell by cell."""


def beside(operation: Operation, result: torch.Size) -> list[Beside]:
    """All axes along which the operation may be cut."""
    if operation.pointwise:
        return _cellwise(operation, result)
    known = KNOWN.get(operation.name)
    return known(operation, result) if known is not None else []


class View:
    """The slots' tensors, floating ones as float64, cut at fixed places of some axes.

    Places (``flat``) are translated both ways; ``RESULT`` in place of a slot is the result.
    """

    def __init__(
        self, operation: Operation, result: int, around: tuple[int | None, int] | None = None
    ) -> None:
        """``around``: the slot (or ``RESULT``) and place of the one cell that counts."""
        made = operation.results[result]
        assert made is not None
        self.operation = operation
        self.result = result
        self._shapes: dict[int | None, torch.Size] = {RESULT: made.tensor.shape}
        for slot, value in enumerate(operation.slots):
            self._shapes[slot] = value.tensor.shape
        self._cuts: dict[int | None, dict[int, int]] = {}
        if around is not None:
            self._cut(*around)
        self.tensors = [self._cut_down(slot) for slot in range(len(operation.slots))]

    def _cut(self, slot: int | None, flat: int) -> None:
        index = torch.unravel_index(torch.tensor(flat), self._shapes[slot])
        for axes in beside(self.operation, self._shapes[RESULT]):
            if slot in axes:
                place = int(index[axes[slot]])
                for other, axis in axes.items():
                    self._cuts.setdefault(other, {})[axis] = place

    def _cut_down(self, slot: int) -> torch.Tensor:
        tensor = self.operation.slots[slot].tensor
        for axis, place in self._cuts.get(slot, {}).items():
            tensor = tensor.narrow(axis, place, 1)
        return tensor.double() if tensor.is_floating_point() else tensor

    def inner(self, slot: int | None, flats: torch.Tensor) -> torch.Tensor:
        """From places in a whole tensor to places in the cut one."""
        cuts = self._cuts.get(slot)
        if not cuts:
            return flats
        found, stride = torch.zeros_like(flats), 1
        for axis, size in reversed(list(enumerate(self._shapes[slot]))):
            if axis not in cuts:
                found = found + (flats % size) * stride
                stride *= size
            flats = flats // size
        return found

    def outer(self, slot: int | None, flats: torch.Tensor) -> torch.Tensor:
        """From places in a cut tensor to places in the whole one."""
        cuts = self._cuts.get(slot)
        if not cuts:
            return flats
        found, stride = torch.zeros_like(flats), 1
        for axis, size in reversed(list(enumerate(self._shapes[slot]))):
            if axis in cuts:
                found = found + cuts[axis] * stride
            else:
                found = found + (flats % size) * stride
                flats = flats // size
            stride *= size
        return found

    def with_numbers(self, slot: int) -> Tensors:
        """The tensors with cell numbers (from 1) in place of one slot's values."""
        found = list(self.tensors)
        found[slot] = numbered(found[slot])
        return found

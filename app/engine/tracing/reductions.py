"""Operations that choose or count: the cells of a maximum, a mean, a variance."""

from __future__ import annotations

from collections.abc import Callable

import torch

from app.engine.tracing.capture import Operation
from app.engine.tracing.cells import Cell, numbered
from app.engine.tracing.sums import Found, Side, product

Explain = Callable[[Operation, Cell, int], Found | None]


def _window(operation: Operation, cell: Cell, result: int) -> Found | None:
    """Max pooling: the cells of one window; reads kernel, stride, padding, dilation."""
    if result != 0:
        return None
    x = operation.slots[0].tensor
    n, c, _, _ = cell.index
    kernel, stride, padding, dilation = (operation.argument(k) for k in range(1, 5))
    plane = numbered(x[n, c])[None, None]
    unfolded = torch.nn.functional.unfold(
        plane, kernel, dilation or 1, padding or 0, stride or kernel
    )
    height_width = cell.value.tensor.shape[2] * cell.value.tensor.shape[3]
    numbers = unfolded[0, :, cell.flat % height_width].long()
    start = (n * x.shape[1] + c) * x.shape[2] * x.shape[3]
    return _chosen(operation, cell, numbers[numbers > 0] - 1 + start)


def _reduced(operation: Operation, cell: Cell, result: int) -> Found | None:
    """amax and amin, and max and min along an axis: the cells along the reduced axes."""
    along = operation.name in ("amax", "amin") or operation.function._overloadname == "dim"
    if result != 0 or not along:
        return None
    return _chosen(operation, cell, _along(operation, cell))


def _along(operation: Operation, cell: Cell) -> torch.Tensor:
    """Cells of the first slot that a reduction sums up into one cell of the result."""
    value = operation.slots[0]
    shape = value.tensor.shape
    given = operation.argument(1)
    axes = [given] if isinstance(given, int) else list(given or range(len(shape)))
    axes = [axis % len(shape) for axis in axes]
    index = list(cell.index)
    if len(index) < len(shape):
        for axis in sorted(axes):
            index.insert(axis, 0)
    where = tuple(slice(None) if axis in axes else index[axis] for axis in range(len(shape)))
    return numbered(value.tensor)[where].reshape(-1).long() - 1


def _chosen(operation: Operation, cell: Cell, cells: torch.Tensor) -> Found | None:
    """The first cell that has the result's value won; the others lost."""
    value = operation.slots[0]
    numbers = value.tensor.double().reshape(-1)[cells]
    wins = (numbers == cell.number).nonzero().reshape(-1)
    if not wins.numel():
        return None
    rest = torch.ones_like(cells, dtype=torch.bool)
    rest[wins[0]] = False
    winner = Side(numbers[wins[:1]], "value", value, cells[wins[:1]])
    losers = Side(numbers[rest], "value", value, cells[rest])
    return Found("selection", [product(winner)], operation, losers)


def _mean(operation: Operation, cell: Cell, result: int) -> Found | None:
    cells = _along(operation, cell)
    numbers = operation.slots[0].tensor.double().reshape(-1)[cells]
    left = Side(numbers, "value", operation.slots[0], cells)
    return Found(
        "statistic", [product(left, Side(torch.full_like(numbers, 1.0 / len(cells))))], operation
    )


def _variance(operation: Operation, cell: Cell, result: int) -> Found | None:
    """Σ (x − μ)² / (n − correction)."""
    cells = _along(operation, cell)
    numbers = operation.slots[0].tensor.double().reshape(-1)[cells]
    correction = operation.argument(2)
    off = numbers - numbers.mean()
    share = 1.0 / max(1.0, len(cells) - (1.0 if correction is None else float(correction)))
    left = Side(off, "deviation", operation.slots[0], cells)
    return Found(
        "statistic", [product(left, Side(off), Side(torch.full_like(off, share)))], operation
    )


STATISTICS: dict[tuple[str, int], Explain] = {
    ("mean", 0): _mean,
    ("var", 0): _variance,
    ("var_mean", 0): _variance,
    ("var_mean", 1): _mean,
}
SELECTIONS: dict[str, Explain] = {
    "max_pool2d_with_indices": _window,
    "amax": _reduced,
    "amin": _reduced,
    "max": _reduced,
    "min": _reduced,
}

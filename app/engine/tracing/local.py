"""The local derivative of one elementary operation: a row (of one result) or a column (of one
argument) of its Jacobian, in float64. No operation is known here by more than its shape of slots."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch

from app.engine.tracing.capture import Operation, Value
from app.engine.tracing.cells import index_of, numbered
from app.engine.tracing.view import View

with warnings.catch_warnings():
    # PyTorch compiles a few forward-mode rules by torch.jit, which it deprecates itself.
    warnings.simplefilter("ignore", DeprecationWarning)
    import torch._decomp.decompositions_for_jvp

PARTNERS: dict[str, dict[int, int]] = {
    "convolution": {0: 1, 1: 0},
    "addmm": {1: 2, 2: 1},
    "mm": {0: 1, 1: 0},
    "bmm": {0: 1, 1: 0},
    "baddbmm": {1: 2, 2: 1},
    "mul": {0: 1, 1: 0},
}
"""Slots whose cells meet as factors of products."""

ADDED: dict[str, int] = {"convolution": 2}
"""The slot that is added, cell by cell, to all else."""


def partner(operation: Operation, slot: int) -> int | None:
    """The slot whose cells are the factors of this one's."""
    other = PARTNERS.get(operation.name, {}).get(slot)
    return other if other is not None and other < len(operation.slots) else None


def derivatives(
    end: torch.Tensor,
    of: Sequence[torch.Tensor],
    upstream: torch.Tensor | None = None,
    *,
    create_graph: bool = False,
) -> list[torch.Tensor | None]:
    """Autograd's derivatives; null for what ``end`` does not depend on."""
    found = torch.autograd.grad(
        end, list(of), upstream, create_graph=create_graph, allow_unused=True
    )
    return list(found)


def row(view: View, tensors: Sequence[torch.Tensor], flat: int) -> list[torch.Tensor | None]:
    """∂(result cell)/∂(every cell of every floating slot), flat; null where there is no derivative."""
    slots = [i for i, t in enumerate(tensors) if t.is_floating_point()]
    given = [t.detach().clone().requires_grad_() if t.is_floating_point() else t for t in tensors]
    with torch.enable_grad():
        made = view.operation.run(given)[view.result].reshape(-1)[flat]
        found: list[torch.Tensor | None] = [None] * len(given)
        if not made.requires_grad:
            return found
        gradients = derivatives(made, [given[i] for i in slots])
    for i, gradient in zip(slots, gradients, strict=True):
        found[i] = None if gradient is None else gradient.reshape(-1)
    return found


def column(
    view: View, tensors: Sequence[torch.Tensor], slot: int, flats: torch.Tensor
) -> torch.Tensor:
    """∂(every cell of the result)/∂(the cells ``flats`` of a slot, moved together), flat."""
    x = tensors[slot].detach()
    tangent = torch.zeros_like(x, memory_format=torch.contiguous_format)
    tangent.view(-1)[flats] = 1.0

    def function(moved: torch.Tensor) -> torch.Tensor:
        given = list(tensors)
        given[slot] = moved
        return view.operation.run(given)[view.result]

    try:
        found: torch.Tensor = torch.func.jvp(function, (x,), (tangent,))[1]
    except (RuntimeError, NotImplementedError):
        found = _by_reverse(function, x, tangent)
    return found.detach().reshape(-1)


def meetings(view: View, slot: int, other: int, flat: torch.Tensor) -> torch.Tensor | None:
    """For every cell of the result of a product, by number (from 1), the cell of ``other`` that
    meets the one cell ``flat`` of ``slot``; 0 where none does. Null where products are scaled.

    Numbers that float32 holds exactly go through the operation in float32, which is much faster.
    """
    operation = view.operation
    if operation.name in ("addmm", "baddbmm") and operation.argument(4, 1) != 1:
        return None
    for dtype in (torch.float32, torch.float64):
        if view.tensors[other].numel() >= 2**24 and dtype == torch.float32:
            continue
        given = [torch.zeros(t.shape, dtype=dtype, device=t.device) for t in view.tensors]
        given[slot].view(-1)[flat] = 1.0
        given[other] = numbered(view.tensors[other]).to(dtype)
        found = operation.run(given)[view.result].reshape(-1)
        whole = found.round()
        if bool((found - whole).abs().max() <= 1e-3):
            return whole.long()
    return None


def added(view: View, slot: int, flat: torch.Tensor) -> torch.Tensor:
    """The column of a slot whose cells are added as they are: everything else is nought."""
    given = [torch.zeros(t.shape, device=t.device) for t in view.tensors]
    given[slot].view(-1)[flat] = 1.0
    return view.operation.run(given)[view.result].reshape(-1).double()


def _by_reverse(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, tangent: torch.Tensor
) -> torch.Tensor:
    """J·t by differentiating vᵀJ, which is linear in v: for operations without a forward rule."""
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        made = function(leaf)
        v = torch.zeros_like(made, requires_grad=True)
        (back,) = derivatives(made, [leaf], v, create_graph=True)
        if back is None or not back.requires_grad:
            return torch.zeros_like(made)
        (found,) = derivatives(back, [v], tangent)
    return torch.zeros_like(made) if found is None else found


def broadcast_cell(argument: Value, result: Value, flat: int) -> int:
    """The cell of a (broadcast) argument that meets a cell of the result."""
    shape = argument.tensor.shape
    index = index_of(result, flat)[len(result.tensor.shape) - len(shape) :]
    place = 0
    for i, size in zip(index, shape, strict=True):
        place = place * size + (i if size > 1 else 0)
    return place

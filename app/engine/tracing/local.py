"""The local derivative of one elementary operation: a row (of one result) or a column (of one
argument) of its Jacobian, in float64. No operation is known here by more than its shape of slots."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch

from app.engine.tracing.capture import Operation, Value
from app.engine.tracing.cells import index_of, numbered

with warnings.catch_warnings():
    # PyTorch compiles a few forward-mode rules by torch.jit, which it deprecates itself.
    warnings.simplefilter("ignore", DeprecationWarning)
    import torch._decomp.decompositions_for_jvp

Tensors = list[torch.Tensor]

BY_SAMPLE: dict[str, int] = {
    "convolution": 0,
    "addmm": 1,
    "mm": 0,
    "avg_pool2d": 0,
    "max_pool2d_with_indices": 0,
}
"""The slot whose first axis goes sample by sample into the result's: the rest need not be computed."""
PARTNERS: dict[str, dict[int, int]] = {
    "convolution": {0: 1, 1: 0},
    "addmm": {1: 2, 2: 1},
    "mm": {0: 1, 1: 0},
    "bmm": {0: 1, 1: 0},
    "baddbmm": {1: 2, 2: 1},
    "mul": {0: 1, 1: 0},
}
"""Slots whose cells meet as factors of products."""


def doubled(operation: Operation) -> Tensors:
    """The slots' tensors, floating ones as float64."""
    return [
        v.tensor.double() if v.tensor.is_floating_point() else v.tensor for v in operation.slots
    ]


def partner(operation: Operation, slot: int) -> int | None:
    """The slot whose cells are the factors of this one's."""
    other = PARTNERS.get(operation.name, {}).get(slot)
    return other if other is not None and other < len(operation.slots) else None


class View:
    """An operation cut down to what one cell needs. ``flat`` places are translated both ways."""

    def __init__(self, operation: Operation, sample: int | None = None) -> None:
        self.operation = operation
        self.tensors = doubled(operation)
        self._slot = BY_SAMPLE.get(operation.name) if sample is not None else None
        self._sample = sample or 0
        if self._slot is not None:
            whole = self.tensors[self._slot]
            self.tensors[self._slot] = whole[self._sample : self._sample + 1]

    def local(self, flat: int, numel: int, batch: int) -> int:
        """A cell's place within the one sample that was kept."""
        return flat - self._sample * (numel // batch) if self._slot is not None else flat

    def offset(self, slot: int | None) -> int:
        """What to add to a place in the cut tensor; ``slot`` null is the result."""
        if self._slot is None or slot not in (None, self._slot):
            return 0
        value = self.operation.slots[self._slot] if slot is not None else self.operation.results[0]
        assert value is not None
        return self._sample * (value.tensor.numel() // value.tensor.shape[0])

    def with_numbers(self, slot: int) -> Tensors:
        """The tensors with cell numbers (from 1) in place of one slot's values."""
        found = list(self.tensors)
        found[slot] = numbered(found[slot])
        return found


def cut(operation: Operation, value: torch.Tensor, flat: int) -> View:
    """The view that computes a cell of a result, or of the slot that goes sample by sample."""
    sample = None
    if operation.name in BY_SAMPLE and value.dim() > 1:
        sample = flat // (value.numel() // value.shape[0])
    return View(operation, sample)


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


def row(
    view: View, tensors: Sequence[torch.Tensor], result: int, flat: int
) -> list[torch.Tensor | None]:
    """∂(result cell)/∂(every cell of every floating slot), flat; null where there is no derivative."""
    slots = [i for i, t in enumerate(tensors) if t.is_floating_point()]
    given = [t.detach().clone().requires_grad_() if t.is_floating_point() else t for t in tensors]
    with torch.enable_grad():
        made = view.operation.run(given)[result].reshape(-1)[flat]
        found: list[torch.Tensor | None] = [None] * len(given)
        if not made.requires_grad:
            return found
        gradients = derivatives(made, [given[i] for i in slots])
    for i, gradient in zip(slots, gradients, strict=True):
        found[i] = None if gradient is None else gradient.reshape(-1)
    return found


def column(
    view: View, tensors: Sequence[torch.Tensor], result: int, slot: int, flats: torch.Tensor
) -> torch.Tensor:
    """∂(every cell of the result)/∂(the cells ``flats`` of a slot, moved together), flat."""
    x = tensors[slot].detach()
    tangent = torch.zeros_like(x, memory_format=torch.contiguous_format)
    tangent.view(-1)[flats] = 1.0

    def function(moved: torch.Tensor) -> torch.Tensor:
        given = list(tensors)
        given[slot] = moved
        return view.operation.run(given)[result]

    try:
        found: torch.Tensor = torch.func.jvp(function, (x,), (tangent,))[1]
    except (RuntimeError, NotImplementedError):
        found = _by_reverse(function, x, tangent)
    return found.detach().reshape(-1)


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

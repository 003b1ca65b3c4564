"""How classes become numbers for losses that measure a distance. No part of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from app.catalog.losses._base import Task


def number_outputs(task: Task, targets: int) -> tuple[int, ...]:
    """One output a target; two classes may also share one output of −1 and +1."""
    return (1, 2) if task == "classification" and targets == 2 else (targets,)


def as_numbers(target: torch.Tensor, outputs: int) -> torch.Tensor:
    """Classes as one-hot rows, or as −1 and +1 for a single output; numbers stay as they are."""
    import torch

    if target.dtype.is_floating_point:
        return target
    if outputs == 1:
        return (target.to(torch.get_default_dtype()) * 2 - 1).unsqueeze(1)
    return torch.nn.functional.one_hot(target, outputs).to(torch.get_default_dtype())

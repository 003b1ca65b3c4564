"""How classes become numbers for losses that measure a distance. No part of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.catalog.plot import Reals
from app.core.text import text

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
    return one_hot(target, outputs)


def one_hot(target: torch.Tensor, classes: int) -> torch.Tensor:
    """(N, classes): 1 at the class, 0 elsewhere."""
    import torch

    return torch.nn.functional.one_hot(target, classes).to(torch.get_default_dtype())


TWO_CLASSES = text(
    "Two classes; u is the output of the right one, the other is 0.",
    "两个类别；u 为正确类别的输出，另一个为 0。",
)
ONE_NUMBER = text("One output, its target 0.", "一个输出，目标值为 0。")


def right_class(u: Reals) -> tuple[Reals, NDArray[np.int64]]:
    """Outputs (u, 0) for two classes of which the first is right."""
    return np.stack([u, np.zeros_like(u)], axis=1), np.zeros(len(u), dtype=np.int64)


def towards_zero(u: Reals) -> tuple[Reals, Reals]:
    """One output u whose target is 0."""
    return u[:, None], np.zeros((len(u), 1))

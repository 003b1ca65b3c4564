"""What a module may declare of itself beside ``forward``: the engine asks for these methods, never for a class.

A method that only shows something carries :func:`look_only` and is left out of exported code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch

Method = TypeVar("Method", bound=Callable[..., Any])


def look_only(method: Method) -> Method:
    """Marks a method that training and evaluation never call."""
    return method


@runtime_checkable
class HoldsInside(Protocol):
    """Draws, masks, statistics, and the ways that a sensitivity takes, for the layer's picture."""

    def inside(self, x: torch.Tensor, delta: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """Tensors by name, the samples (N, …) on their first axis; ``delta`` is ∂E/∂(the output), None
        where the loss does not depend on it."""

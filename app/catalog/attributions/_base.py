"""What every attribution declares, and what it gets: a network as a function, one input, one output.

Captum is imported inside ``attribute`` alone, which only a worker process calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.catalog.family import Part
from app.core.errors import Invalid
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch

GRADIENTS = text("By gradients", "基于梯度")
PERTURBATION = text("By perturbation", "基于扰动")


class DoesNotApply(Invalid):
    code, status = "does_not_apply", 422
    message = text("{method} does not apply here: {why}", "{method_zh}在此不适用：{why}")


@dataclass(frozen=True)
class Subject:
    """One question: why is output ``target`` of ``function`` (N, *shape) → (N, K) what it is at
    ``x`` (1, *shape)? All of it in float64 and evaluation mode."""

    function: torch.nn.Module
    x: torch.Tensor
    target: int
    nodes: Mapping[str, torch.nn.Module]
    """In the order of computation."""
    shapes: Mapping[str, Shape]
    convolutions: tuple[str, ...]
    """Nodes that convolve, in order."""


@dataclass(frozen=True)
class Attributed:
    """A number for every input, and what else the method knows. ``signed``: it has both signs."""

    values: torch.Tensor
    """(*shape)."""
    signed: bool = True
    coarse: torch.Tensor | None = None
    """Grad-CAM's map before it was spread over the input."""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Attribution(Part):
    """A method. Its result has the shape of the input."""

    def attribute(self, subject: Subject) -> Attributed:
        """Raises :class:`DoesNotApply` with the reason and what would do."""
        raise TypeError(f"{type(self).__name__} declares no attribute")

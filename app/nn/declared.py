"""What a module may declare of itself beside ``forward``: the engine asks for these methods, never for a class.

A method that only shows something carries :func:`look_only` and is left out of exported code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@runtime_checkable
class HasGates(Protocol):
    """What the layer's ``INNER`` names, at every step of time."""

    def gates(self, x_NTF: torch.Tensor, *others: torch.Tensor) -> dict[str, torch.Tensor]:
        """(N, T, H) by name, for the arguments that the module is called with."""


@runtime_checkable
class HasGatesBeside(Protocol):
    """Gates that are cheaper to tell where the output is known."""

    def gates_beside(
        self, h_NTH: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """As :meth:`HasGates.gates`; ``h_NTH`` is the output."""


@runtime_checkable
class HasUnits(Protocol):
    """Units that can be followed through time, exactly."""

    def units(self, h_NTH: torch.Tensor) -> int:
        """How many can be asked for where ``h_NTH`` is the output."""

    def unit_over_time(
        self, unit: int, h_NTH: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """What a unit held at every step (T,) of the one sample of the call, by name: gates and cell,
        or the parts that its net input sums."""


@dataclass(frozen=True)
class InTime:
    """One gate or state (N, H) of a layer within a stack, in one direction, at one time step."""

    value: torch.Tensor
    gate: str
    place: int
    """In the module's state: 0 is what it gives."""
    time: int
    stack: int
    reverse: bool


@runtime_checkable
class TakenApart(Protocol):
    """A pass through time taken apart, gate by gate and one step after another; the arguments are those
    of the module."""

    def forward_order(self, x_NTF: torch.Tensor, *others: torch.Tensor) -> Iterator[InTime]:
        """Every gate and state in the order in which it is computed."""

    def backward_order(
        self, upstream: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> Iterator[InTime]:
        """The sensitivity of each, the last computed first; ``upstream`` is that of the output."""

    def gate_of(self, row: int) -> str | None:
        """The gate that a row of a parameter belongs to; None where there are none."""

    def stack_of(self, tensor: str) -> tuple[int, bool]:
        """(layer within the stack, whether it reads backwards) that a parameter's name tells."""

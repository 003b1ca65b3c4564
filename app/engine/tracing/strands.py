"""What a recurrent module computes while it walks through time, taken from its own code as it runs.

A *strand* is one walk: one layer in one direction. A module walks by a method ``walk`` that returns
the states of every step in time's order (``STATES`` names them), and multiplies its weights by
``functional.linear``, with all steps at once or step by step. Nothing else is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from app.nn.masks import reversed_within

States = list[tuple[torch.Tensor, ...]]


@dataclass
class Product:
    """``made`` = W x + b. (N, T, ·) for all steps at once, or (N, ·) of one step."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    x: torch.Tensor
    made: torch.Tensor


@dataclass
class Strand:
    """One walk; ``products`` in the order of their making.

    ``turned``: the lengths (N,) of sequences that were turned round before the walk, each within its
    own end; then all is in the order of the walk, and :meth:`in_time` brings it into time's.
    """

    layer: int
    reverse: bool
    turned: torch.Tensor | None = None
    states: States = field(default_factory=list)
    products: list[Product] = field(default_factory=list)

    def by_weight(self) -> list[list[Product]]:
        """The products of each weight: a single one over all steps, or one a step in time's order."""
        found: dict[int, list[Product]] = {}
        for product in self.products:
            found.setdefault(id(product.weight), []).append(product)
        back = self.reverse and self.turned is None
        return [one[::-1] if back else one for one in found.values()]

    def in_time(self, walked_NT: torch.Tensor) -> torch.Tensor:
        """What belongs to the steps of the walk (N, T, ·), in time's order."""
        return walked_NT if self.turned is None else reversed_within(walked_NT, self.turned)

    def place(self, sample: int, time: int) -> int:
        """Which step of the walk a sample's step of time was."""
        if self.turned is None or time >= int(self.turned[sample]):
            return time
        return int(self.turned[sample]) - 1 - time


def names_of(module: Callable[..., Any]) -> tuple[str, ...]:
    """Names of what its states hold, the output first; empty where it is not recurrent."""
    return getattr(module, "STATES", ())


def memory_of(module: Callable[..., Any]) -> tuple[str, ...]:
    """What the next step takes of a state, the hidden units first."""
    return getattr(module, "MEMORY", ())


class Products(TorchFunctionMode):
    """Notes every product with a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Product] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is functional.linear:
            x, weight, bias = (*args, None)[:3]
            self.found.append(Product(weight, bias, x, made))
        return made


@contextmanager
def strands_of(
    module: Callable[..., Any], lengths: torch.Tensor | None = None
) -> Iterator[list[Strand]]:
    """Collects the strands of the pass that the module makes meanwhile; ``lengths`` are those of its
    sequences, where they end early."""
    found: list[Strand] = []
    if not names_of(module):
        yield found
        return
    walk: Callable[..., States] = getattr(module, "walk")  # noqa: B009 -- of any module
    ways = 2 if getattr(module, "bidirectional", False) else 1

    def watched(*args: Any) -> States:
        back = len(found) % ways == 1
        strand = Strand(len(found) // ways, back, lengths if back else None)
        found.append(strand)
        with Products() as products:
            strand.states = walk(*args)
        strand.products = products.found
        return strand.states

    module.__dict__["walk"] = watched
    try:
        yield found
    finally:
        del module.__dict__["walk"]

"""What every step of time gives to a gradient: ∂E/∂W = Σ_t δ_t s_{t−1}ᵀ, term by term.

Over all samples of the pass, so that the terms sum to PyTorch's gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from app.engine.tracing.strands import Product, Strand
from app.engine.tracing.unrolled import Unrolled

BLOCK = 2**23
"""Values of terms that are made at once."""

Terms = Callable[[int, int], torch.Tensor]


@dataclass(frozen=True)
class Summed:
    """``terms(from, to)`` are the parameter's terms (steps, *shape) of those steps."""

    name: str
    shape: tuple[int, ...]
    steps: int
    terms: Terms

    def norms(self) -> torch.Tensor:
        """The norm of every step's term (T,), in float64."""
        size = max(1, torch.Size(self.shape).numel())
        stride = max(1, BLOCK // size)
        found = [
            self.terms(start, min(start + stride, self.steps))
            .flatten(1)
            .norm(dim=1, dtype=torch.float64)
            for start in range(0, self.steps, stride)
        ]
        return torch.cat(found)


def over_time(products: list[Product], tensors: list[torch.Tensor]) -> torch.Tensor:
    """What belongs to the products, (N, ·) each or (N, T, ·) at once, as (N, T, ·)."""
    return tensors[0] if products[0].x.dim() == 3 else torch.stack(tensors, 1)


def contributions(
    unrolled: Unrolled, strand: Strand, upstream: torch.Tensor
) -> tuple[list[Summed], dict[str, torch.Tensor]]:
    """The terms of every parameter that the strand, the step after it or the answer of the whole
    sequence multiplies by, and ∂E/∂(each product) (N, T, rows) by the weight's name."""
    groups = list(unrolled.products(strand))
    flat = [product.made for group in groups for product in group]
    flat += [product.made for product, _ in unrolled.answers]
    found = iter(unrolled.derivatives(flat, upstream))
    sums: list[Summed] = []
    deltas: dict[str, torch.Tensor] = {}
    own = len(strand.by_weight())
    for place, group in enumerate(groups):
        delta = over_time(group, [next(found) for _ in group])
        x = over_time(group, [product.x.detach() for product in group])
        if place < own:
            delta, x = strand.in_time(delta), strand.in_time(x)
        for one in _of_group(unrolled, group[0], delta, x):
            sums.append(one)
            if one.name not in deltas and len(one.shape) == (1 if _derived(group[0]) else 2):
                deltas[one.name] = delta
    for product, share in unrolled.answers:
        # V (Σ_t a_t h_t): the share of a step belongs to its term.
        delta = share[:, :, None] * next(found)[:, None]
        sums += _of_group(unrolled, product, delta, unrolled.read.detach())
    return sums, deltas


def _derived(product: Product) -> bool:
    """Whether the weight is made from a parameter, as a band is."""
    return not product.weight.is_leaf


def _of_group(
    unrolled: Unrolled, product: Product, delta: torch.Tensor, x: torch.Tensor
) -> Iterator[Summed]:
    steps = delta.shape[1]

    def outer(start: int, stop: int) -> torch.Tensor:
        return torch.einsum("ntg,ntf->tgf", delta[:, start:stop], x[:, start:stop])

    if _derived(product):
        yield from _through(unrolled, product.weight, steps, outer)
    else:
        yield Summed(unrolled.names[id(product.weight)], tuple(product.weight.shape), steps, outer)
    if product.bias is not None:
        shape = tuple(product.bias.shape)
        name = unrolled.names[id(product.bias)]
        yield Summed(name, shape, steps, lambda a, b: delta[:, a:b].sum(0))


def _through(
    unrolled: Unrolled, weight: torch.Tensor, steps: int, outer: Terms
) -> Iterator[Summed]:
    """Terms of the parameters that a weight was made from."""
    network = unrolled.trace.trainer.network
    own = dict(network.node(unrolled.node).named_parameters())
    found: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
        weight, list(own.values()), torch.zeros_like(weight), retain_graph=True, allow_unused=True
    )
    for (name, parameter), reached in zip(own.items(), found, strict=True):
        if reached is None:
            continue

        def terms(start: int, stop: int, parameter: torch.Tensor = parameter) -> torch.Tensor:
            (made,) = torch.autograd.grad(
                weight, parameter, outer(start, stop), retain_graph=True, is_grads_batched=True
            )
            return made

        yield Summed(f"{unrolled.node}.{name}", tuple(parameter.shape), steps, terms)

"""A recurrent node run again in one trace's step, with everything after it, open to derivatives.

Every state and every product with a weight stays a tensor of its own, so that ∂E/∂(any of them) is
PyTorch's. Nothing is derived by hand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property

import torch
from torch import nn

from app.engine.compile import Network
from app.engine.tracing.capture import elementary
from app.engine.tracing.step import Trace
from app.engine.tracing.strands import Product, Products, Strand, strands_of
from app.nn.over_time import OverTime


def behind(network: Network, node: str) -> tuple[str, ...]:
    """The node and all that its output reaches, in order."""
    found = [node]
    for name in network.order:
        if name not in found and any(source in found for source in network.sources[name]):
            found.append(name)
    return tuple(name for name in network.order if name in found)


def share_of(
    module: nn.Module, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *_: torch.Tensor
) -> torch.Tensor | None:
    """How much of each step is in the answer of a sequence (N, T); None where that is no sum."""
    if not isinstance(module, OverTime) or module.how == "max":
        return None
    count, steps = x_NTF.shape[:2]
    ends = x_NTF.new_full((count, 1), steps) if lengths is None else lengths[:, None]
    step = torch.arange(1, steps + 1, device=x_NTF.device)
    if module.how == "last":
        return (step == ends).to(x_NTF.dtype)
    return (step <= ends).to(x_NTF.dtype) / ends


class Unrolled:
    """One pass from a recurrent node on, of some of the trace's samples."""

    def __init__(self, trace: Trace, node: str, samples: slice) -> None:
        self.trace = trace
        self.node = node
        self.samples = samples
        self.strands: list[Strand] = []
        self.after: dict[str, list[Product]] = {}
        """Products with weights of the nodes that read this one's sequence step by step."""
        self.answers: list[tuple[Product, torch.Tensor]] = []
        """Products of the nodes that read it as one answer, its last step or its mean, with every
        step's share of what they read (N, T)."""
        self._run()

    def _run(self) -> None:
        trace, node = self.trace, self.node
        network = trace.trainer.network
        names = behind(network, node)
        values = {name: value[self.samples] for name, value in trace.values.items()}
        shares: dict[str, torch.Tensor] = {}
        self.x = values[network.sources[node][0]].detach().requires_grad_()
        values[network.sources[node][0]] = self.x
        with torch.enable_grad(), self._begun(), trace.as_before(network), trace.draws(names):
            for name in names:
                run = elementary(network.node(name))
                given = network.arguments(name, values)
                with ExitStack() as watched:
                    if name == node:
                        lengths = given[1] if name in network.masked else None
                        strands = strands_of(network.node(name), lengths)
                        self.strands = watched.enter_context(strands)
                    products = watched.enter_context(Products())
                    values[name] = run(*given)
                if node in network.sources[name]:
                    self.after[name] = [p for p in products.found if p.x.dim() == 3]
                    share = share_of(network.node(name), *given)
                    shares |= {} if share is None else {name: share}
                for source in shares.keys() & set(network.sources[name]):
                    read = [p for p in products.found if torch.equal(p.x, values[source])]
                    self.answers += [(product, shares[source]) for product in read]
        self.read = values[node]
        self.output = values[network.output]

    @contextmanager
    def _begun(self) -> Iterator[None]:
        """States that the pass begins with, those of its samples alone: (…, N, units)."""
        network = self.trace.trainer.network
        whole = network.start
        network.start = {
            name: tuple(state[..., self.samples, :] for state in states)
            for name, states in whole.items()
        }
        try:
            yield
        finally:
            network.start = whole

    def strand(self, layer: int, *, reverse: bool) -> Strand:
        return next(s for s in self.strands if (s.layer, s.reverse) == (layer, reverse))

    def derivatives(
        self, tensors: Sequence[torch.Tensor], upstream: torch.Tensor, *, batched: bool = False
    ) -> list[torch.Tensor]:
        """Σ ``upstream`` · ∂(output)/∂(each); ``batched``: one for every row of ``upstream``."""
        found = torch.autograd.grad(
            self.output,
            tensors,
            upstream,
            retain_graph=True,
            allow_unused=True,
            is_grads_batched=batched,
        )
        rows = (len(upstream),) if batched else ()
        unused: list[torch.Tensor | None] = list(found)
        return [
            t.new_zeros((*rows, *t.shape)) if g is None else g.detach()
            for t, g in zip(tensors, unused, strict=True)
        ]

    @cached_property
    def names(self) -> dict[int, str]:
        """Full names of the parameters by identity."""
        network = self.trace.trainer.network
        return {id(parameter): name for name, parameter in network.named_parameters()}

    def products(self, strand: Strand) -> Iterator[list[Product]]:
        """Those of each weight of the strand and of the nodes after it."""
        yield from strand.by_weight()
        for products in self.after.values():
            for product in products:
                yield [product]


def alone(network: Network, names: Sequence[str]) -> bool:
    """Whether a sample makes the same way through these nodes without the rest of its batch."""
    inner = [module for name in names for module in network.node(name).modules()]
    drawn = any(hasattr(module, "reseed") for module in inner)
    return not drawn and not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in inner)

"""Central differences against autograd, entry by entry, in float64 with draws that do not change.

What is reported of an entry is the raw difference to autograd, and beside it the *floor*: what the
rounding of the losses alone may amount to; both relative to the tensor's largest gradient. Where all
gradients of a tensor are nought but for rounding (a bias whose layer is followed by batch
normalisation), there is nothing to be relative to but the terms that cancel: see ``_scale``. Apart
are listed

- entries whose floor is above the tolerance and whose error is within that floor: they cannot be told;
- kinks, where the loss bends within the difference: there is no derivative to compare with.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from app.core.ids import stable_hash
from app.engine.tracing.adjoint import backward
from app.engine.tracing.quotients import TOLERANCE, Loss, Probe, Verdict
from app.engine.tracing.step import Trace
from app.protocol.tracing import Entry, Gradcheck, TensorCheck

MOST_LISTED = 20
PATIENCE = 30.0
"""Seconds that a whole check may take."""
NOUGHT = 1e-12
"""A tensor whose largest gradient is less than that of the terms that it sums is nought but for rounding."""
SUSPECT = 1e-9
"""Beside the largest gradient of all tensors; only below it are terms counted."""
FEW = 4
"""Entries whose terms are looked at."""


@dataclass
class Gradchecker:
    """Checks the parameters of one trace; ``losses`` runs only what comes after a node."""

    trace: Trace
    entries: int
    patience: float = PATIENCE

    def check(self, branch: int, node: str | None) -> Gradcheck:
        """All tensors, or those of one node; ends early rather than take for ever."""
        deadline = time.monotonic() + self.patience
        found: list[TensorCheck] = []
        complete = True
        for name, parameter in self.trace.trainer.network.named_parameters():
            owner, _, tensor = name.partition(".")
            if name not in self.trace.gradients or node not in (None, owner):
                continue
            checked, whole = self._tensor(owner, tensor, parameter, deadline)
            found.append(checked)
            complete &= whole
        worst = max((float(one.error) for one in found), default=0.0)
        return Gradcheck(
            step=self.trace.step,
            branch=branch,
            samples=self.trace.count,
            tolerance=TOLERANCE,
            passed=worst <= TOLERANCE,
            complete=complete,
            error=worst,
            floor=max((float(one.floor) for one in found), default=0.0),
            checked=sum(one.checked for one in found),
            unresolved=sum(one.unresolved_count for one in found),
            kinks=sum(one.kink_count for one in found),
            tensors=tuple(found),
        )

    @torch.no_grad()
    def _tensor(
        self, node: str, tensor: str, parameter: torch.nn.Parameter, deadline: float
    ) -> tuple[TensorCheck, bool]:
        gradient = self.trace.gradients[f"{node}.{tensor}"]
        largest = float(gradient.abs().max())
        scale = self._scale(node, tensor, largest)
        found: dict[Verdict, list[Entry]] = {"counts": [], "unresolved": [], "kink": []}
        with self._fixed():
            loss = self._losses(node)
            at_rest = loss()
            chosen = list(self._chosen(f"{node}.{tensor}", parameter))
            checked = 0
            for index in chosen:
                if checked and time.monotonic() > deadline:
                    break
                checked += 1
                probe = Probe(parameter, index, loss, at_rest, scale)
                entry, verdict = probe.compare(float(gradient[index]))
                found[verdict].append(entry)
        counted = found["counts"]
        worst = max(counted, key=_off, default=None)
        result = TensorCheck(
            node=node,
            tensor=tensor,
            entries=parameter.numel(),
            checked=checked,
            largest=largest,
            scale=scale,
            cancels=scale > largest > 0.0,
            error=worst.error if worst else 0.0,
            floor=max((float(entry.floor) for entry in counted), default=0.0),
            worst=worst,
            kinks=tuple(found["kink"][:MOST_LISTED]),
            kink_count=len(found["kink"]),
            unresolved=tuple(found["unresolved"][:MOST_LISTED]),
            unresolved_count=len(found["unresolved"]),
        )
        return result, checked == len(chosen)

    def _scale(self, node: str, tensor: str, largest: float) -> float:
        """What errors are relative to: the largest gradient; Σ|terms| of one where all cancel."""
        if not largest:
            return 1.0
        everywhere = max(float(g.abs().max()) for g in self.trace.gradients.values())
        if largest >= SUSPECT * everywhere:
            return largest
        opened = self.trace.open(node)
        value = opened.graph.parameters[tensor]
        sums = [
            sum(float(block.values.abs().sum()) for block in blocks)
            for flat in range(min(FEW, value.tensor.numel()))
            if (blocks := backward(opened.graph, value, flat, opened.sensitivities))
        ]
        terms = max(sums, default=0.0)
        return terms if largest < NOUGHT * terms else largest

    def _chosen(self, name: str, parameter: torch.Tensor) -> Iterator[tuple[int, ...]]:
        """All entries of a small tensor, otherwise some drawn by the run's seed."""
        count = parameter.numel()
        generator = torch.Generator().manual_seed(stable_hash(self.trace.step, "check", name))
        order = torch.randperm(count, generator=generator)[: self.entries]
        for flat in sorted(order.tolist()):
            yield tuple(int(i) for i in torch.unravel_index(torch.tensor(flat), parameter.shape))

    @contextmanager
    def _fixed(self) -> Iterator[None]:
        """Buffers that passes change are put back."""
        kept = [(b, b.clone()) for b in self.trace.trainer.network.buffers()]
        try:
            yield
        finally:
            for buffer, value in kept:
                buffer.copy_(value)

    def _losses(self, node: str) -> Loss:
        """E as a function of the weights as they are: nodes before ``node`` are not run again."""
        trace, network = self.trace, self.trace.trainer.network
        buffers = [(b, b.clone()) for b in network.buffers()]
        later = {node}
        for name in network.order:
            if any(source in later for source in network.sources[name]):
                later.add(name)
        order = [name for name in network.order if name in later]

        def loss() -> float:
            for buffer, value in buffers:
                buffer.copy_(value)
            values = dict(trace.values)
            with trace.draws(order):
                for name in order:
                    values[name] = network.node(name)(*network.arguments(name, values))
            return float(trace.trainer.loss(values[network.output], trace.targets))

        return loss


def _off(entry: Entry) -> float:
    """An error for comparison; one that is no number is the worst of all."""
    error = float(entry.error)
    return error if math.isfinite(error) else math.inf

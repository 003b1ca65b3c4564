"""Central differences against autograd, entry by entry, in float64 with draws that do not change.

Each entry is moved by ±h and ±h/2; Richardson's (4·D(h/2) − D(h))/3 is the numeric derivative, whose
own error is of order h⁴. Its width is chosen without a look at autograd: the first at which the two
quotients and the rounding of the losses leave less than half of the tolerance open, else the one that
leaves least. What is reported is the raw difference to autograd, and beside it the *floor*: what the
rounding of the losses alone may amount to. Apart are listed

- entries whose floor is above the tolerance and whose error is within that floor: they cannot be
  told (gradients of 1e-12 beside a loss of 2 are not in any difference quotient);
- kinks, where the loss bends within the difference: there is no derivative to compare with.

A wrong derivative is off at every width and is neither.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch

from app.core.ids import stable_hash
from app.engine.tracing.step import Trace
from app.protocol.tracing import Entry, Gradcheck, TensorCheck

TOLERANCE = 1e-6
WIDTHS = (1e-4, 1e-3, 1e-2, 1e-5, 1e-1, 1e-6)
BEND = 4.0
"""The slopes to both sides differ by h·f″ and so in step with h; a kink's are out of step by more."""
EPSILON = 8.0 * 2.0**-52
"""Rounding of a loss that is a sum of many terms, relative."""
MOST_LISTED = 20
PATIENCE = 30.0
"""Seconds that a whole check may take."""

Loss = Callable[[], float]
Verdict = Literal["counts", "unresolved", "kink"]


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
                probe = Probe(parameter, index, loss, at_rest, largest or 1.0)
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
            error=worst.error if worst else 0.0,
            floor=max((float(entry.floor) for entry in counted), default=0.0),
            worst=worst,
            kinks=tuple(found["kink"][:MOST_LISTED]),
            kink_count=len(found["kink"]),
            unresolved=tuple(found["unresolved"][:MOST_LISTED]),
            unresolved_count=len(found["unresolved"]),
        )
        return result, checked == len(chosen)

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


@dataclass(frozen=True)
class Quotient:
    """A derivative by differences of one width: ``spread`` is what its two widths disagree by,
    ``noise`` what rounding may add, ``bend`` by how much the slopes to both sides differ."""

    width: float
    value: float
    spread: float
    noise: float
    bend: float

    @property
    def open(self) -> float:
        found = self.spread + self.noise
        return found if math.isfinite(found) else math.inf


@dataclass
class Probe:
    """One entry of a parameter, moved to and fro; errors are shares of ``scale``."""

    parameter: torch.nn.Parameter
    index: tuple[int, ...]
    loss: Loss
    at_rest: float
    scale: float

    def compare(self, autograd: float) -> tuple[Entry, Verdict]:
        """The entry at its best width, and whether it counts."""
        tried: list[Quotient] = []
        for width in WIDTHS:
            tried.append(self._quotient(width))
            if tried[-1].open <= 0.5 * TOLERANCE * self.scale:
                break
        best = min(tried, key=lambda one: one.open)
        off = abs(best.value - autograd)
        entry = Entry(
            index=self.index,
            autograd=autograd,
            numeric=best.value,
            error=off / self.scale,
            floor=best.noise / self.scale,
            width=best.width,
        )
        if off <= TOLERANCE * self.scale and best.noise <= TOLERANCE * self.scale:
            return entry, "counts"
        tried += [self._quotient(width) for width in WIDTHS[len(tried) :]]
        if _kinked(tried, max(off, TOLERANCE * self.scale)):
            return entry, "kink"
        cannot_tell = best.noise > TOLERANCE * self.scale and off <= best.noise
        return entry, "unresolved" if cannot_tell else "counts"

    def _quotient(self, width: float) -> Quotient:
        up, down = self._at(width), self._at(-width)
        wide = (up - down) / (2.0 * width)
        narrow = (self._at(width / 2.0) - self._at(-width / 2.0)) / width
        value = (4.0 * narrow - wide) / 3.0
        return Quotient(
            width=width,
            value=value,
            spread=abs(value - narrow),
            # Four losses, each off by half of EPSILON: (4·2/h + 1/h) / 3.
            noise=3.0 * EPSILON * max(abs(up), abs(down)) / width,
            bend=abs(up - 2.0 * self.at_rest + down) / width,
        )

    def _at(self, change: float) -> float:
        kept = float(self.parameter[self.index])
        self.parameter[self.index] = kept + change
        try:
            return self.loss()
        finally:
            self.parameter[self.index] = kept


def _kinked(tried: list[Quotient], off: float) -> bool:
    """Whether, from one width to the next, the slopes' difference is out of step with the width,
    where it is large enough to explain what is missing and is no rounding."""
    by_width = sorted(tried, key=lambda one: -one.width)
    for wide, narrow in pairwise(by_width):
        smooth = wide.bend * narrow.width / wide.width
        larger = max((wide, narrow), key=lambda one: one.bend)
        if larger.bend < off or larger.bend < BEND * larger.noise:
            continue
        if narrow.bend > BEND * smooth + BEND * narrow.noise:
            return True
        if BEND * narrow.bend + BEND * narrow.noise < smooth:
            return True
    return False

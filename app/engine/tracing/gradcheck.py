"""Central differences against autograd, entry by entry, in float64 with draws that do not change.

An entry that is off is tried again with other differences: where the loss bends within the
difference (a kink) there is no derivative to compare with; a wrong one is off at every width.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from app.core.ids import stable_hash
from app.engine.tracing.step import Trace
from app.protocol.tracing import Entry, Gradcheck, TensorCheck

TOLERANCE = 1e-6
WIDTHS = (1e-5, 1e-4, 1e-3, 1e-6)
BEND = 4.0
"""Two slopes that differ by h·f″ shrink with h; a kink's do not follow it by this factor."""
EPSILON = 8.0 * 2.0**-52
"""Rounding of a loss that is a sum of many terms, relative."""
MOST_KINKS = 20
PATIENCE = 30.0
"""Seconds that a whole check may take."""

Loss = Callable[[], float]


@dataclass
class Gradchecker:
    """Checks the parameters of one trace; ``losses`` runs only what comes after a node."""

    trace: Trace
    entries: int

    def check(self, branch: int, node: str | None) -> Gradcheck:
        """All tensors, or those of one node; ends early rather than take for ever."""
        deadline = time.monotonic() + PATIENCE
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
            tensors=tuple(found),
        )

    @torch.no_grad()
    def _tensor(
        self, node: str, tensor: str, parameter: torch.nn.Parameter, deadline: float
    ) -> tuple[TensorCheck, bool]:
        gradient = self.trace.gradients[f"{node}.{tensor}"]
        largest = float(gradient.abs().max())
        kinks: list[Entry] = []
        worst: Entry | None = None
        checked = 0
        with self._fixed():
            loss = self._losses(node)
            at_rest = loss()
            chosen = list(self._chosen(f"{node}.{tensor}", parameter))
            for index in chosen:
                if checked and time.monotonic() > deadline:
                    break
                checked += 1
                probe = Probe(parameter, index, loss, at_rest)
                entry, kink = probe.compare(float(gradient[index]), largest)
                if kink:
                    kinks.append(entry)
                elif worst is None or float(entry.error) > float(worst.error):
                    worst = entry
        result = TensorCheck(
            node=node,
            tensor=tensor,
            entries=parameter.numel(),
            checked=checked,
            largest=largest,
            error=worst.error if worst else 0.0,
            worst=worst,
            kinks=tuple(kinks[:MOST_KINKS]),
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
                    values[name] = network.node(name)(*(values[s] for s in network.sources[name]))
            return float(trace.trainer.loss(values[network.output], trace.targets))

        return loss


@dataclass
class Probe:
    """One entry of a parameter, moved to and fro."""

    parameter: torch.nn.Parameter
    index: tuple[int, ...]
    loss: Loss
    at_rest: float

    def compare(self, autograd: float, largest: float) -> tuple[Entry, bool]:
        """The entry, and whether it is a kink."""
        best: Entry | None = None
        bends: dict[float, float] = {}
        for width in WIDTHS:
            up, down = self._at(width), self._at(-width)
            numeric = (up - down) / (2.0 * width)
            bends[width] = abs(up - 2.0 * self.at_rest + down) / width
            # What the rounding of two losses alone may amount to is no error.
            seen = EPSILON * max(abs(up), abs(down)) / width
            error = max(0.0, abs(numeric - autograd) - seen) / (largest or 1.0)
            entry = Entry(index=self.index, autograd=autograd, numeric=numeric, error=error)
            if best is None or error < float(best.error) or not math.isfinite(float(best.error)):
                best = entry
            if float(best.error) <= TOLERANCE:
                return best, False
        assert best is not None
        return best, self._kinked(bends, float(best.error) * (largest or 1.0))

    @staticmethod
    def _kinked(bends: dict[float, float], off: float) -> bool:
        """The two one-sided slopes differ by about what is missing, and not in step with the width."""
        wide, narrow = bends[1e-5], bends[1e-6]
        smooth = wide / 10.0
        return max(wide, narrow) >= off and narrow > BEND * smooth

    def _at(self, change: float) -> float:
        kept = float(self.parameter[self.index])
        self.parameter[self.index] = kept + change
        try:
            return self.loss()
        finally:
            self.parameter[self.index] = kept

"""One entry's derivative by differences, and how much of it rounding may have made.

Each entry is moved by ±h and ±h/2; Richardson's (4·D(h/2) − D(h))/3 is the numeric derivative, whose
own error is of order h⁴. Its width is chosen without a look at autograd: the first at which the two
quotients and the rounding of the losses leave less than half of the tolerance open, else the one that
leaves least. Wider ones come next where rounding is what is open, narrower ones where the quotients
disagree: across a bend those of a wide one may agree by chance. Where rounding hides that much at
every width, a polynomial is fitted to many losses over a wide interval: its derivative rests on all of
them, and what they scatter about it says how certain it is (Chebyshev's nodes and polynomials, for
which least squares need no matrix).

The verdict on an entry: it counts; it cannot be told, where what rounding leaves is more than the
tolerance and the error is within it; or the loss bends within the difference and there is no
derivative. A wrong derivative is off at every width and is neither of the last two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch

from app.protocol.tracing import Entry

TOLERANCE = 1e-6
FIRST, WIDER, NARROWER = 1e-4, (1e-3, 1e-2, 1e-1), (1e-5, 1e-6)
BEND = 4.0
"""The slopes to both sides differ by h·f″ and so in step with h; a kink's are out of step by more."""
EPSILON = 8.0 * 2.0**-52
"""Rounding of a loss that is a sum of many terms, relative."""
FIT_WIDTHS = (1.0, 0.25, 4.0)
NODES = 32
"""To each side of the entry's value."""
DEGREES = (5, 7, 9, 11, 13)
CERTAIN = 5.0
"""Standard errors of a fit that count as its floor."""

Loss = Callable[[], float]
Verdict = Literal["counts", "unresolved", "kink"]


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
        tried = [self._quotient(FIRST)]
        rounded = tried[0].spread <= tried[0].noise
        widths = iter((*WIDER, *NARROWER) if rounded else (*NARROWER, *WIDER))
        while tried[-1].open > 0.5 * TOLERANCE * self.scale and (width := next(widths, 0.0)):
            tried.append(self._quotient(width))
        best = min(tried, key=lambda one: one.open)
        entry = self._entry(autograd, best.value, best.noise, best.width)
        if max(float(entry.error), float(entry.floor)) <= TOLERANCE:
            return entry, "counts"
        tried += [self._quotient(width) for width in widths]
        if _kinked(tried, max(abs(best.value - autograd), TOLERANCE * self.scale)):
            return entry, "kink"
        if float(entry.floor) > TOLERANCE:
            entry = self._fitted(autograd, entry)
        cannot_tell = TOLERANCE < float(entry.floor) >= float(entry.error)
        return entry, "unresolved" if cannot_tell else "counts"

    def _entry(self, autograd: float, numeric: float, noise: float, width: float) -> Entry:
        return Entry(
            index=self.index,
            autograd=autograd,
            numeric=numeric,
            error=abs(numeric - autograd) / self.scale,
            floor=noise / self.scale,
            width=width,
        )

    def _fitted(self, autograd: float, entry: Entry) -> Entry:
        """The fit that is most certain, where one is more so than the difference."""
        for width in FIT_WIDTHS:
            value, noise = fitted(self._at, width)
            if noise / self.scale < float(entry.floor):
                entry = self._entry(autograd, value, noise, width)
            if float(entry.floor) <= TOLERANCE:
                break
        return entry

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


def fitted(function: Callable[[float], float], width: float) -> tuple[float, float]:
    """f′(0) from losses at Chebyshev's nodes of [−width, width], and how far off it may be.

    The odd part of f is fitted by T₁, T₃, …; of all degrees the one whose derivative is most certain by
    what the losses scatter about it. Scatter is that of rounding and of a degree too low alike.
    """
    order = torch.arange(NODES, dtype=torch.float64)
    angles = (2.0 * order + 1.0) * math.pi / (4.0 * NODES)
    places = (width * angles.cos()).tolist()
    up, down = (
        torch.tensor([function(sign * t) for t in places], dtype=torch.float64) for sign in (1, -1)
    )
    odd = (up - down) / 2.0
    grain = 2.0**-53 * float(torch.maximum(up.abs(), down.abs()).max()) / width
    best = (0.0, math.inf)
    for degree in DEGREES:
        powers = torch.arange(1, degree + 1, 2, dtype=torch.float64)
        basis = (angles[:, None] * powers).cos()
        parts = 2.0 / NODES * (odd @ basis)
        slopes = powers * (1.0 - (powers - 1.0) % 4.0)
        left = odd - basis @ parts
        scatter = math.sqrt(float(left.square().sum()) / (NODES - len(powers)))
        error = scatter * math.sqrt(2.0 / NODES * float(powers.square().sum())) / width
        noise = CERTAIN * error + grain
        if noise < best[1]:
            best = float((parts * slopes).sum()) / width, noise
    return best

"""Collects losses and hits of training steps and reads them once per batch of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import cast

import torch

MOST_STEPS = 512
Reading = torch.Tensor | float


@dataclass(frozen=True, slots=True)
class Point:
    """``count`` consecutive steps that end with ``step``; ``loss`` is the mean over them, ``hits`` the
    right answers of ``answers`` that were asked for: one a sample, or one a counted step of a
    sequence. ``rate`` is η of the last of them; ``weight`` is what ``loss`` counts in the mean over an
    epoch's answers."""

    step: int
    count: int
    samples: int
    loss: float
    hits: int | None
    answers: int
    rate: float | None = None
    weight: float = 0.0


class Meter:
    """The steps since the last :meth:`read`. A CPU's numbers are read at once, so that nothing of a step
    stays in memory between the steps; an accelerator's are fetched together by :meth:`read`."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._samples: list[int] = []
        self._losses: list[Reading] = []
        self._right: list[Reading] = []
        self._asked: list[Reading] = []
        self._rates: list[float | None] = []
        self._batches: list[int | None] = []

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def full(self) -> bool:
        """Whether it should be read before more is kept alive."""
        return len(self._steps) >= MOST_STEPS

    def add(
        self,
        step: int,
        loss: torch.Tensor,
        output: torch.Tensor,
        labels: torch.Tensor | None,
        *,
        rate: float | None = None,
        batch: int | None = None,
    ) -> None:
        """Remember one step: ``loss`` () and ``output`` (N, K), or (N, T, K), without graphs.

        ``batch``: how many samples a batch has, where the loss is a sum over it.
        """
        self._steps.append(step)
        self._rates.append(rate)
        self._batches.append(batch)
        self._samples.append(output.shape[0])
        self._losses.append(_reading(loss))
        if labels is not None:
            # of a finite loss no output is NaN: where that is known, it need not be asked
            known = isinstance(self._losses[-1], float) and isfinite(self._losses[-1])
            right = highest(output).eq(labels) if known else hits(output, labels)
            self._right.append(_reading(right.count_nonzero()))
            steps = labels.dim() == 2
            self._asked.append(_reading((labels >= 0).count_nonzero()) if steps else len(labels))

    def read(self) -> list[Point]:
        """A point for each step, oldest first; starts afresh."""
        if not self._steps:
            return []
        losses, right = _numbers(self._losses), _numbers(self._right)
        asked = _numbers(self._asked) or self._samples
        points = [
            Point(
                step=step,
                count=1,
                samples=self._samples[i],
                loss=losses[i],
                hits=int(right[i]) if right else None,
                answers=int(asked[i]),
                rate=self._rates[i],
                weight=self._batches[i] or int(asked[i]),
            )
            for i, step in enumerate(self._steps)
        ]
        self.__init__()  # type: ignore[misc]
        return points


def _reading(value: torch.Tensor) -> Reading:
    """The number itself where reading it does not wait for a device."""
    return value.item() if value.device.type == "cpu" else value


def _numbers(readings: Sequence[Reading]) -> Sequence[float]:
    fetched = [value for value in readings if isinstance(value, torch.Tensor)]
    numbers: list[float] = torch.stack(fetched).tolist() if fetched else []
    return numbers or cast("Sequence[float]", readings)


UNDECIDED = -2
"""In the place of a class where an output is NaN. No label has this value, so it is never right."""


def decide(output: torch.Tensor) -> torch.Tensor:
    """The class of each row of (N, K), or of each step of (N, T, K); a single output decides between
    two classes by its sign. :data:`UNDECIDED` where an output is NaN."""
    return highest(output).masked_fill(output.isnan().any(-1), UNDECIDED)


def highest(output: torch.Tensor) -> torch.Tensor:
    """:func:`decide` for outputs of which none is NaN."""
    if output.shape[-1] == 1:
        return (output[..., 0] > 0).long()
    return output.argmax(-1)


def classes_of(output: torch.Tensor) -> list[int | None]:
    """:func:`decide` for rows (N, K), as data: None where nothing is decided."""
    return [None if label == UNDECIDED else int(label) for label in decide(output).tolist()]


def hits(output: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Which rows are right, bool (N,), or which steps, (N, T): one that does not count never is."""
    return decide(output).eq(labels)

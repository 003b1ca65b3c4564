"""Collects losses and hits of training steps as tensors and reads them once per batch of metrics."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import torch

MOST_STEPS = 512
MOST_VALUES = 1 << 20
POINTS = 20
Counts = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Point:
    """Consecutive steps taken together; ``loss`` is the mean over them, ``hits`` the right answers of
    ``answers`` that were asked for: one a sample, or one a counted step of a sequence."""

    step: int
    count: int
    samples: int
    loss: float
    hits: int | None
    answers: int


class Meter:
    """The steps since the last :meth:`read`. Nothing is copied off the device before that."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._samples: list[int] = []
        self._losses: list[torch.Tensor] = []
        self._outputs: list[torch.Tensor] = []
        self._labels: list[torch.Tensor] = []
        self._right: list[torch.Tensor] = []
        self._asked: list[torch.Tensor] = []
        self._values = 0

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def full(self) -> bool:
        """Whether it should be read before more is kept alive."""
        return len(self._steps) >= MOST_STEPS or self._values >= MOST_VALUES

    def add(
        self, step: int, loss: torch.Tensor, output: torch.Tensor, labels: torch.Tensor | None
    ) -> None:
        """Remember one step: ``loss`` () and ``output`` (N, K), or (N, T, K), without graphs."""
        self._steps.append(step)
        self._samples.append(output.shape[0])
        self._losses.append(loss)
        if labels is not None and labels.dim() == 2:
            self._right.append(hits(output, labels).sum())
            self._asked.append((labels >= 0).sum())
        elif labels is not None:
            self._values += output.numel()
            self._outputs.append(output)
            self._labels.append(labels)

    def read(self) -> list[Point]:
        """At most :data:`POINTS` points, oldest first; starts afresh."""
        if not self._steps:
            return []
        losses = torch.stack(self._losses).double().cpu().numpy()
        found, asked = self._hits()
        width = ceil(len(self._steps) / POINTS)
        points = []
        for start in range(0, len(self._steps), width):
            part = slice(start, start + width)
            points.append(
                Point(
                    step=self._steps[part][-1],
                    count=len(self._steps[part]),
                    samples=sum(self._samples[part]),
                    loss=float(losses[part].mean()),
                    hits=None if found is None else int(found[part].sum()),
                    answers=int(asked[part].sum()),
                )
            )
        self.__init__()  # type: ignore[misc]
        return points

    def _hits(self) -> tuple[Counts | None, Counts]:
        """Right answers and answers of every step."""
        if self._right:
            asked = torch.stack(self._asked).cpu().numpy()
            return torch.stack(self._right).cpu().numpy(), asked
        samples = np.array(self._samples, dtype=np.int64)
        if not self._labels:
            return None, samples
        right = hits(torch.cat(self._outputs), torch.cat(self._labels)).cpu().numpy()
        starts = np.cumsum([0, *self._samples[:-1]])
        return np.add.reduceat(right, starts, dtype=np.int64), samples


def decide(output: torch.Tensor) -> torch.Tensor:
    """The class of each row of (N, K), or of each step of (N, T, K); a single output decides between
    two classes by its sign."""
    if output.shape[-1] == 1:
        return (output[..., 0] > 0).long()
    return output.argmax(-1)


def hits(output: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Which rows are right, bool (N,), or which steps, (N, T): one that does not count never is."""
    return decide(output).eq(labels)

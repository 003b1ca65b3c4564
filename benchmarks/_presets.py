"""Trains runs without a server and says what they reached on the validation set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from app.engine.headless import train
from app.protocol.events import Validation
from app.spec.run import RunSpec


@dataclass(frozen=True)
class Result:
    """Accuracy (None where there is none) and loss after the last epoch, the best accuracy on the way."""

    accuracy: float | None
    loss: float
    best: float | None
    seconds: float


def result(spec: RunSpec) -> Result:
    """Train a run to its end."""
    began = time.perf_counter()
    seen = [event for event in train(spec, Path()) if isinstance(event, Validation)]
    seconds = time.perf_counter() - began
    scores = [event.accuracy for event in seen if event.accuracy is not None]
    return Result(seen[-1].accuracy, seen[-1].loss, max(scores, default=None), seconds)


def with_seed(spec: RunSpec, seed: int, epochs: int | None = None) -> RunSpec:
    """The same run on the CPU from other first weights and in another order, perhaps shorter."""
    changes: dict[str, object] = {"seed": seed, "device": "cpu"}
    if epochs is not None:
        phases = tuple(
            phase.model_copy(update={"epochs": min(epochs, phase.epochs)})
            for phase in spec.training.phases
        )
        changes["training"] = spec.training.model_copy(update={"phases": phases})
    return spec.model_copy(update=changes)

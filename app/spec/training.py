"""TrainingSpec: the data and the phases of a training. Says nothing of the network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.catalog.augmentations import AnyAugmentation
from app.catalog.datasets import AnyDataset
from app.catalog.losses import AnyLoss
from app.catalog.losses.cross_entropy import CrossEntropy
from app.catalog.optimizers import AnyOptimizer, Sgd
from app.catalog.schedules import AnySchedule, ConstantRate
from app.core.numbers import TINY
from app.spec.base import Strict
from app.spec.groups import MOST_GROUPS, Groups

__all__ = [
    "AnySchedule",
    "ClipNorm",
    "ClipValue",
    "ConstantRate",
    "SupervisedPhase",
    "TrainingSpec",
]

ClipNorm = Annotated[float | None, Field(ge=TINY, le=1e6)]
"""Longest gradient, all parameters together; null is off."""
ClipValue = Annotated[float | None, Field(ge=TINY, le=1e6)]
"""Largest absolute value of a gradient's component; null is off."""


class SupervisedPhase(Strict):
    """Back-propagation of one loss with one optimiser for a number of epochs."""

    type: Literal["supervised"] = "supervised"
    target: Literal["label", "input"] = "label"
    """What the output is compared with: the data set's targets, or the input itself, as it was before
    any augmentation: with noise on its inputs an autoencoder learns to take the noise away."""
    loss: AnyLoss = CrossEntropy()
    optimizer: AnyOptimizer = Sgd()
    schedule: AnySchedule = ConstantRate()
    """The share of η that is in force at each step."""
    groups: Groups = Field((), max_length=MOST_GROUPS)
    """Layers and parameters that learn at a rate of their own."""
    clip_norm: ClipNorm = None
    """Longest gradient: a longer one is scaled down, all parameters together. Null is off."""
    clip_value: ClipValue = None
    """Largest absolute value of a gradient's component, cut before its norm is. Null is off."""
    batch_size: int = Field(64, ge=1, le=4096)
    epochs: int = Field(8, ge=1, le=10_000)

    @property
    def reconstructs(self) -> bool:
        """Whether the network learns to give back its own input: an autoencoder."""
        return self.target == "input"


class TrainingSpec(Strict):
    """What a network learns from, and how."""

    version: Literal[1] = 1
    dataset: AnyDataset
    augmentations: tuple[AnyAugmentation, ...] = Field((), max_length=8)
    """Applied to training batches in this order, drawn anew at every step."""
    phases: tuple[SupervisedPhase, ...] = Field((SupervisedPhase(),), min_length=1, max_length=1)

    @property
    def phase(self) -> SupervisedPhase:
        return self.phases[0]

"""What every schedule declares: the share of η that is in force at a place in the training.

A share is a function of the place alone; only a rule that watches the validation loss has a memory,
and that is plain data, kept by whoever trains.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.catalog import plot as plots
from app.catalog.code import Code, of_part
from app.catalog.family import Part, option
from app.core.text import text

SCHEDULE = text("Learning rate schedule", "学习率调度")
EPOCHS, BATCHES, STANDSTILL = 20, 10, 6
EPOCH = text("epoch", "轮")
SHARE = text("share of η", "η 的比例")
STILL = text(
    f"A training whose validation loss stands still from epoch {STANDSTILL} on.",
    f"验证损失自第 {STANDSTILL} 轮起不再下降的训练。",
)
Unit = Literal["epoch", "step"]


class Place(BaseModel):
    """Where a training stands, counted in steps of the batch size in force.

    After a change of the batch size ``step`` may be a fraction: half an epoch stays half an epoch.
    """

    model_config = ConfigDict(frozen=True)

    step: float
    """Steps made: 0 at the first."""
    steps: int
    """Steps of the whole training, at least 1."""
    per_epoch: int
    """Steps of one epoch, at least 1."""

    def passed(self, unit: Unit) -> float:
        """Whole epochs or steps that have been made."""
        return self.step // (self.per_epoch if unit == "epoch" else 1)

    def after(self, length: float) -> Place:
        """The place as counted from ``length`` steps on."""
        steps = max(1, round(self.steps - length))
        return Place(step=max(0.0, self.step - length), steps=steps, per_epoch=self.per_epoch)


class Memory(BaseModel):
    """What a schedule remembers of the validation losses it has seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    best: float | None = None
    """The lowest one; null before the first."""
    bad: int = 0
    """Epochs since then."""
    rest: int = 0
    """Epochs that are still passed over after a reduction."""
    scale: float = 1.0
    """Share of η that is left."""


class Schedule(Part):
    """A rule for the learning rate over a training."""

    GROUP = SCHEDULE

    @property
    def watches(self) -> bool:
        """Whether it needs the validation loss of every epoch."""
        return False

    def factor(self, place: Place, memory: Memory) -> float:
        """The share of η for the step that is made at ``place``; finite and not negative."""
        raise TypeError(f"{type(self).__name__} declares no factor")

    def plot(self, place: plots.Place = plots.ANYWHERE) -> plots.Plot | None:
        """The share of η over 20 epochs; the validation loss stands still from the 6th on."""
        memory, epochs, factors = Memory(), [], []
        for step in range(EPOCHS * BATCHES):
            at = Place(step=step, steps=EPOCHS * BATCHES, per_epoch=BATCHES)
            if step and step % BATCHES == 0:
                memory = self.after(memory, at, 1.0 / min(step // BATCHES, STANDSTILL))
            epochs.append(step / BATCHES)
            factors.append(self.factor(at, memory))
        lines = (plots.Line(name=SHARE, y=tuple(factors)),)
        note = STILL if self.watches else None
        return plots.Plot(x_name=EPOCH, x=tuple(epochs), lines=lines, note=note)

    def after(self, memory: Memory, place: Place, loss: float) -> Memory:
        """What is remembered once an epoch has ended at ``place`` with this validation loss."""
        return memory

    def code(self) -> Code:
        """Python for an object with :meth:`factor` and :meth:`after`, for exported code."""
        return of_part(self, "factor", *(("after",) if self.watches else ()))


class Follower(Schedule):
    """A rule that may also stand behind a warm-up."""


def unit(default: Unit) -> Any:
    """Whether a rule counts epochs or steps."""
    return option(
        default,
        text("counted in", "计数单位"),
        text("Whether epochs or single steps are counted.", "按轮还是按步计数。"),
        labels={"epoch": text("epochs", "轮"), "step": text("steps", "步")},
    )


def decay(default: float) -> Any:
    """What η is multiplied with."""
    return option(
        default,
        text("decay γ", "衰减率 γ"),
        text("What η is multiplied with each time.", "每次与 η 相乘的系数。"),
        ge=0.0,
        le=1.0,
    )

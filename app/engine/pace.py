"""Notices a learning rate that is too small or too large while every number is still finite.

It looks at what is measured anyway, once an epoch, and compares shares only: with the loss that the
network began with, with that of an answer that is always the same, and with the size of the weights.
It says each of the two once on a branch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Literal

import torch

from app.core.text import Text, text
from app.engine.range_test import learns
from app.protocol.events import Note

if TYPE_CHECKING:
    from app.engine.trainer import Trainer

Cause = Literal["rate_too_small", "rate_too_large"]
LEAST_STEPS = 20
"""Steps before anything is said."""
STILL = 0.01
"""A loss that has moved by a smaller share, and weights that will move by a smaller one until the last
epoch, stand still."""
FELT = 0.1
"""Share by which the loss would change, at least, if all weights changed by their own size along the
gradient: less is a network that cannot learn for another reason."""
WORSE, MUCH_WORSE, EXPLODED = 1.01, 1.1, 10.0
"""Times the first loss: for two epochs, for one epoch, and for a single step that was not got over."""
MOST_WANTED, FEW = 2000, 16
"""Validation samples that the level of a constant answer is taken from, of numbers and of classes."""
ENTRIES = 4096
"""Of each tensor so many entries, evenly spread, are compared."""


@dataclass
class Pace:
    """What a branch's training has done since its settings were last changed. ``first`` is the loss of
    the network before any step, per answer."""

    first: float | None = None
    said: set[str] = field(default_factory=set)
    _constant: float | None = None
    _weights: list[torch.Tensor] | None = None
    _step: int = 0
    _epoch: float = 0.0
    _peak: float = 0.0
    _worse: int = 0

    def begin(self, trainer: Trainer) -> None:
        """Training starts, or goes on with other settings."""
        self._weights = _sample(trainer)
        self._step, self._epoch = trainer.cursor.step, trainer.epoch
        self._peak, self._worse = 0.0, 0

    def ready(self, trainer: Trainer) -> None:
        """Training goes on: begin if it has not."""
        if self._weights is None:
            self.begin(trainer)

    def passed(self, losses: Iterable[float]) -> None:
        """Steps were made that had these losses."""
        self._peak = max((self._peak, *losses))

    def judge(self, trainer: Trainer, loss: float, trained: float | None) -> Note | None:
        """At the end of an epoch: its validation loss and the mean of its training losses."""
        each = trainer.summed_over or 1
        loss, trained = loss / each, None if trained is None else trained / each
        if self.first is None:
            self.first = loss if trainer.cursor.step == 0 else None
        if self.first is None or self._weights is None or trained is None:
            return None
        if not (isfinite(loss) and isfinite(trained) and self.first > 0.0):
            return None
        if self._constant is None:
            self._constant = constant_loss(trainer)
        cause: Cause | None = None
        change = self._change(trainer)
        if self._too_large(trainer, loss, trained, max(self.first, self._constant)):
            cause = "rate_too_large"
        elif self.first > 0.5 * self._constant and self._too_small(trainer, loss, change):
            cause = "rate_too_small"
        if cause is None or cause in self.said:
            return None
        self.said.add(cause)
        return self._note(trainer, cause, loss, change)

    def _too_large(self, trainer: Trainer, loss: float, trained: float, level: float) -> bool:
        """The loss lies above ``level``, in training as well, or has leapt and not come back."""
        worse = min(loss, trained) > level and loss > WORSE * level
        self._worse = self._worse + 1 if worse else 0
        leapt = self._peak > EXPLODED * level * (trainer.summed_over or 1)
        return (
            (worse and loss > MUCH_WORSE * level)
            or self._worse >= 2
            or (worse and trainer.finished)
            or (leapt and loss > (1.0 - STILL) * level)
        )

    def _too_small(self, trainer: Trainer, loss: float, change: float) -> bool:
        """Neither the loss nor the weights have moved, though there is a slope to go down."""
        assert self.first is not None
        steps, epochs = trainer.cursor.step - self._step, trainer.epoch - self._epoch
        planned = max(1.0, trainer.settings.epochs - self._epoch)
        starting = trainer.scheduled_rate() < 0.5 * trainer.settings.optimizer.learning_rate
        short = (steps < LEAST_STEPS and not trainer.finished) or epochs <= 0.0
        if short or starting or not learns(trainer):
            return False
        still = abs(loss / self.first - 1.0) < STILL and change / epochs * planned < STILL
        return still and _slope(trainer) > FELT * loss * (trainer.summed_over or 1)

    def _change(self, trainer: Trainer) -> float:
        """‖W − W₀‖/‖W₀‖ over the entries that are compared."""
        assert self._weights is not None
        now = _sample(trainer)
        moved = sum(float((a - b).square().sum()) for a, b in zip(now, self._weights, strict=True))
        size = sum(float(one.square().sum()) for one in self._weights)
        return float((moved / size) ** 0.5) if size > 0.0 else float("inf")

    def _note(self, trainer: Trainer, cause: Cause, loss: float, change: float) -> Note:
        rate, step = trainer.settings.optimizer.learning_rate, trainer.cursor.step
        each, first = trainer.summed_over or 1, self.first or 0.0
        lift = min(1e6, max(10.0, 0.1 / max(change, 1e-9)))
        factor = 0.1 if cause == "rate_too_large" else 10.0 ** floor(log10(lift))
        params: dict[str, float] = {
            "step": step,
            "back": self._step,
            "first": each * first,
            "loss": each * loss,
            "change": change,
            "learning_rate": rate,
            "suggested": float(f"{rate * factor:.1g}"),
        }
        said = {name: f"{value:.4g}" for name, value in params.items()}
        said |= {"step": str(step), "back": str(self._step), "epoch": str(round(trainer.epoch))}
        said["share"] = f"{100 * change:.2g}"
        return Note(step=step, code=cause, message=_WORDS[cause].format(**said), params=params)


@torch.inference_mode()
def constant_loss(trainer: Trainer) -> float:
    """The loss of an answer that is the same for every validation sample, per answer: 0, or the mean of
    what is wanted, whichever is better."""
    wanted = trainer.data.val.wanted(0, MOST_WANTED)
    if wanted.is_floating_point():
        answers = [torch.zeros_like(wanted), wanted.mean(0, keepdim=True).expand_as(wanted)]
    else:
        outputs = trainer.network.shapes[trainer.network.output][-1]
        wanted = wanted[:FEW]  # every class costs the same
        answers = [torch.zeros(*wanted.shape, outputs, device=wanted.device)]
    parts = len(wanted) if trainer.summed_over else 1
    return min(float(trainer.loss(answer, wanted)) for answer in answers) / parts


def _sample(trainer: Trainer) -> list[torch.Tensor]:
    flat = (one.detach().flatten() for one in trainer.parameters)
    return [one[:: max(1, len(one) // ENTRIES)].double().clone() for one in flat]


def _slope(trainer: Trainer) -> float:
    """‖∂E/∂W‖·‖W‖ of the newest step."""
    gradient = sum(norm**2 for norm in trainer.gradient_norms().values()) ** 0.5
    weights = sum(float(one.detach().square().sum()) for one in trainer.parameters) ** 0.5
    return float(gradient * weights)


_WORDS: dict[Cause, Text] = {
    "rate_too_small": text(
        "The learning rate {learning_rate} is probably too small: after {step} steps (epoch {epoch}) "
        "the validation loss is {loss}, {first} before any step, and the weights have changed by "
        "{share} % only. Try {suggested}, or let a range test find one.",
        "学习率 {learning_rate} 可能过小：{step} 步之后（第 {epoch} 轮）验证损失为 {loss}，"
        "训练前为 {first}，权值只改变了 {share} %。请试用 {suggested}，或用学习率范围测试寻找合适的值。",
    ),
    "rate_too_large": text(
        "The learning rate {learning_rate} is probably too large: after {step} steps (epoch {epoch}) "
        "the validation loss is {loss}, no better than the {first} before any step or than an answer "
        "that is always the same. Go back to step {back} and try {suggested}, or clip the gradients.",
        "学习率 {learning_rate} 可能过大：{step} 步之后（第 {epoch} 轮）验证损失为 {loss}，"
        "不优于训练前的 {first}，也不优于始终相同的回答。请回到第 {back} 步，试用 {suggested}，或截断梯度。",
    ),
}

"""Loss and accuracy over the whole validation set, in evaluation mode. Changes nothing.

A loss that is a mean is the mean over all answers, one that sums over a batch is the sum over the set
for as many samples as a batch has: neither depends on the parts in which the set is passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from app.engine.meter import hits

if TYPE_CHECKING:
    from app.engine.trainer import Trainer

EVALUATION_VALUES = 1_000_000
"""About how many activations an evaluation keeps at once (4 MB)."""


@torch.inference_mode()
def evaluate(trainer: Trainer) -> tuple[float, float | None]:
    """Loss, and accuracy where there are classes."""
    network = trainer.network
    network.mode(training=False)
    try:
        if trainer.reconstructs:
            return _reconstruction(trainer), None
        return _by_steps(trainer) if trainer.per_step else _by_samples(trainer)
    finally:
        network.mode(training=True)


def _by_samples(trainer: Trainer) -> tuple[float, float | None]:
    split, network = trainer.data.val, trainer.network
    width = max(16, EVALUATION_VALUES // max(1, network.activations))
    total, right = 0.0, 0
    for i in range(0, split.count, width):
        output = network(split.inputs(split.rows[i : i + width]))
        total += _summed(trainer, trainer.loss(output, split.wanted(i, width)), len(output))
        if split.labels is not None:
            right += int(hits(output, split.labels[i : i + width]).sum())
    loss = total / split.count
    return loss, None if split.labels is None else right / split.count


def _by_steps(trainer: Trainer) -> tuple[float, float]:
    """Slice by slice: outputs at every step are many."""
    split, size = trainer.data.val, trainer.settings.batch_size
    total, right, asked = 0.0, 0, 0
    for i in range(0, split.count, size):
        output = trainer.network(split.inputs(split.rows[i : i + size]))
        wanted = split.wanted(i, size)
        counted = int((wanted >= 0).sum())
        if counted:
            total += _summed(trainer, trainer.loss(output, wanted), counted)
        right += int(hits(output, wanted).sum())
        asked += counted
    return total / max(1, asked), right / max(1, asked)


def _reconstruction(trainer: Trainer) -> float:
    """Slice by slice: outputs as large as the data are not kept together."""
    split, size = trainer.data.val, trainer.settings.batch_size
    total = 0.0
    for i in range(0, split.count, size):
        wanted = split.wanted(i, size)
        total += _summed(trainer, trainer.loss(trainer.network(wanted), wanted), len(wanted))
    return total / split.count


def _summed(trainer: Trainer, loss: torch.Tensor, answers: int) -> float:
    """What a part of the set adds, of which ``loss`` is the value: divided by all answers it is that of
    the set."""
    return float(loss.double()) * (trainer.summed_over or answers)

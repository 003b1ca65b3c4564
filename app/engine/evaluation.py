"""Loss and accuracy over the whole validation set, in evaluation mode. Changes nothing."""

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
    """The loss is the mean over slices of the batch size, weighted by their samples, so that a loss
    that sums over a batch stays comparable with the training curve."""
    split, size, network = trainer.data.val, trainer.settings.batch_size, trainer.network
    width = max(16, EVALUATION_VALUES // max(1, network.activations))
    parts = [network(split.inputs(split.rows[i : i + width])) for i in range(0, split.count, width)]
    output = torch.cat(parts)
    losses = [
        trainer.loss(output[i : i + size], split.wanted(i, size))
        * (min(size, split.count - i) / split.count)
        for i in range(0, split.count, size)
    ]
    total = float(torch.stack(losses).double().sum())
    if split.labels is None:
        return total, None
    return total, float(hits(output, split.labels).sum()) / split.count


def _by_steps(trainer: Trainer) -> tuple[float, float]:
    """The mean over all counted steps, slice by slice: outputs at every step are many."""
    split, size = trainer.data.val, trainer.settings.batch_size
    total, right, asked = 0.0, 0, 0
    for i in range(0, split.count, size):
        output = trainer.network(split.inputs(split.rows[i : i + size]))
        wanted = split.wanted(i, size)
        counted = int((wanted >= 0).sum())
        if counted:
            total += float(trainer.loss(output, wanted).double()) * counted
        right += int(hits(output, wanted).sum())
        asked += counted
    return total / max(1, asked), right / max(1, asked)


def _reconstruction(trainer: Trainer) -> float:
    """The same mean slice by slice: outputs as large as the data are not kept together."""
    split, size = trainer.data.val, trainer.settings.batch_size
    losses = []
    for i in range(0, split.count, size):
        wanted = split.wanted(i, size)
        losses.append(trainer.loss(trainer.network(wanted), wanted) * (len(wanted) / split.count))
    return float(torch.stack(losses).double().sum())

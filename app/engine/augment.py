"""The augmentations of a run on its batches: every draw is a function of (seed, step, place)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch

from app.core.ids import stable_hash
from app.spec.run import RunSpec

Augment = Callable[[torch.Tensor, int], torch.Tensor]


def augmenter(spec: RunSpec, device: torch.device) -> Augment | None:
    """Changes the batch of a step; None where nothing is to be changed.

    A part's draws are named after its kind and how many of that kind came before it, so that
    putting one in moves no other draw.
    """
    parts = spec.training.augmentations
    if not parts:
        return None
    seen: Counter[str] = Counter()
    named = []
    for part in parts:
        seen[part.kind()] += 1
        named.append((part, f"augmentation {part.kind()} {seen[part.kind()]}"))
    draws, seed = torch.Generator(device), spec.seed

    def augment(x: torch.Tensor, step: int) -> torch.Tensor:
        for part, name in named:
            draws.manual_seed(stable_hash(seed, step, name))
            x = part.apply(x, draws)
        return x

    return augment

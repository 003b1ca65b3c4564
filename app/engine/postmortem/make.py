"""Makes a post-mortem by replay: the steps before the end are made again on a second trainer."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from statistics import median_low
from typing import TYPE_CHECKING

import torch

from app.core.errors import GlassnetError
from app.engine.diagnosis import sound
from app.engine.postmortem.first import Search
from app.engine.tracing.reach import advance, onward, twin
from app.engine.trainer import Trainer
from app.protocol.postmortem import FirstBroken, Growth, PostMortem

if TYPE_CHECKING:
    from app.engine.session import Session

PATIENCE = 8.0
"""Seconds of steps that are made again at most."""
WINDOW = 60
"""Steps whose growth is told."""
BEFORE = 40
"""Steps that the snapshot to begin from should lie before the end."""
LARGEST_CLIP = 1e6
"""The largest threshold that a run takes."""
TOLD_APART = 1.5
"""A loss this many times that at the start has left."""
LOOKED_AT = 8
"""Snapshots among which one is sought that is good."""


@dataclass
class _Walk:
    """The steps that were made again: their losses and gradient norms; the last one broke."""

    steps: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    gradient: list[float] = field(default_factory=list)
    broke: bool = False


def post_mortem(session: Session) -> PostMortem | None:
    """Null where what broke cannot be reached by replay in the time."""
    end = session.trainer.cursor.step
    snapshots = [step for step in session.keeper.steps(session.lineage) if step < end]
    early = [step for step in snapshots if step <= end - BEFORE]
    walker = twin(session)
    advance(session, walker, max(early, default=0))
    walk = _again(session, walker, end)
    if not walk.broke:
        return None
    first = _first(session, walk)
    rate = session.trainer.settings.optimizer.learning_rate
    return PostMortem(
        first=first,
        growth=Growth(
            steps=tuple(walk.steps[-WINDOW:]),
            loss=tuple(walk.loss[-WINDOW:]),
            gradient=tuple(walk.gradient[-WINDOW:]),
        ),
        good=_good(session, [step for step in snapshots if step < first.step]),
        clip_norm=_threshold(walk.gradient[-WINDOW:]),
        learning_rate=float(f"{rate / 10:.1g}"),
    )


def _again(session: Session, walker: Trainer, end: int) -> _Walk:
    walk, began = _Walk(), time.monotonic()
    for step in onward(session, walker, end):
        loss = walker.meter.read()[-1].loss
        walk.steps.append(step)
        walk.loss.append(loss)
        walk.gradient.append(gradient_norm(walker))
        if not (math.isfinite(loss) and sound(walker.network)):
            walk.broke = True
            break
        if time.monotonic() - began > PATIENCE:
            break
    return walk


def gradient_norm(trainer: Trainer) -> float:
    """‖∂E/∂W‖₂ of all parameters together, in float64."""
    gradients = [p.grad for p in trainer.parameters if p.grad is not None]
    norms = [torch.linalg.vector_norm(g, dtype=torch.float64) for g in gradients]
    return float(torch.stack(norms).square().sum().sqrt()) if norms else 0.0


def _first(session: Session, walk: _Walk) -> FirstBroken:
    step = walk.steps[-1]
    walker = twin(session)
    advance(session, walker, step - 1)
    try:
        found = Search(walker).find()
    except GlassnetError:  # the step is too large to be taken apart
        found = None
    if found is not None:
        return found
    node, value = session.trainer.network.output, walk.loss[-1]
    return FirstBroken(step=step, node=node, what="loss", value=value)


def _good(session: Session, snapshots: list[int]) -> int:
    """The newest of the snapshots whose next loss is about that at the start or less."""
    start = next_loss(twin(session))
    for step in sorted(snapshots, reverse=True)[:LOOKED_AT]:
        walker = twin(session)
        advance(session, walker, step)
        if next_loss(walker) <= TOLD_APART * start:
            return step
    return 0


@torch.no_grad()
def next_loss(trainer: Trainer) -> float:
    """The loss of the batch that comes next; NaN where it has none."""
    x, targets, _ = trainer.coming()
    return float(trainer.loss(trainer.network(x), targets))


def _threshold(norms: list[float]) -> float | None:
    quarter = norms[: max(1, len(norms) // 4)]
    early = [norm for norm in quarter if math.isfinite(norm) and norm > 0]
    return min(LARGEST_CLIP, float(f"{median_low(early):.2g}")) if early else None

"""A second trainer that stands where the run stands, or stood: replayed from the nearest snapshot.

The run's own trainer is only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from app.engine.resume import resume
from app.engine.trainer import Cursor, Trainer
from app.protocol.commands import LoggedCommand
from app.protocol.refusals import NotReached

if TYPE_CHECKING:
    from app.engine.session import Session


def shadow(session: Session, step: int) -> Trainer:
    """A trainer of the run after ``step`` steps of its branch, bit for bit; raises NotReached."""
    own = session.trainer
    if step > own.cursor.step:
        raise NotReached(pointer="/step", step=step, here=own.cursor.step)
    found = twin(session)
    if step == own.cursor.step:
        copy(own, found)
    else:
        advance(session, found, step)
    return found


def twin(session: Session) -> Trainer:
    """A trainer of the run's network and data, at step 0."""
    own, start = session.trainer, session.start
    with torch.random.fork_rng(devices=[]):
        return Trainer(own.spec, start.data_root, own.device, start.weights, own.data)


def copy(own: Trainer, other: Trainer) -> None:
    """Let ``other`` stand where ``own`` stands."""
    other.apply(own.settings)
    other.load(own.state())
    cursor = own.cursor
    other.cursor = Cursor(cursor.step, cursor.epoch, cursor.offset)
    other.memory = own.memory


def advance(session: Session, other: Trainer, step: int) -> None:
    """Take ``other``, at an earlier step of the run's line, to ``step``: from the nearest snapshot
    between, or from where it stands."""
    coming = [entry for entry in session.log if entry.step <= step]
    here = other.cursor.step
    nearer = any(here < at <= step for at in session.keeper.steps(session.lineage))
    loaded = session.keeper.nearest(session.lineage, step) if nearer or here == 0 else None
    if loaded is not None:
        resume(other, loaded, coming)
        here = loaded.entry.step
    if loaded is not None or here > 0:
        coming = [entry for entry in coming if entry.step > here]
    _apply(other, coming)
    while other.cursor.step < step:
        other.step()
        if other.meter.full or other.epoch_ended:
            other.meter.read()
        _apply(other, coming)


def onward(session: Session, other: Trainer, step: int) -> Iterator[int]:
    """Make every step up to ``step`` again, one by one, and say which was made; what was commanded
    there counts from the next one on."""
    coming = [entry for entry in session.log if other.cursor.step < entry.step <= step]
    while other.cursor.step < step:
        other.step()
        yield other.cursor.step
        _apply(other, coming)


def _apply(other: Trainer, coming: list[LoggedCommand]) -> None:
    while coming and coming[0].step <= other.cursor.step:
        other.command(coming.pop(0).command)

"""A second trainer that stands where the run stands, or stood: replayed from the nearest snapshot.

The run's own trainer is only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from app.catalog.schedules import Memory
from app.engine.settings import in_force
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
    with torch.random.fork_rng(devices=[]):
        start = session.start
        found = Trainer(own.spec, start.data_root, own.device, start.weights, own.data)
    if step == own.cursor.step:
        _copy(own, found)
    else:
        _replay(session, found, step)
    return found


def _copy(own: Trainer, other: Trainer) -> None:
    other.apply(own.settings)
    other.load(own.state())
    cursor = own.cursor
    other.cursor = Cursor(cursor.step, cursor.epoch, cursor.offset)
    other.memory = own.memory


def _replay(session: Session, other: Trainer, step: int) -> None:
    coming = [entry for entry in session.log if entry.step <= step]
    loaded = session.keeper.nearest(session.lineage, step)
    if loaded is not None:
        at = loaded.entry.step
        other.apply(in_force(other.spec, coming, at))
        other.load(loaded.tensors)
        other.cursor = Cursor(at, loaded.facts["epoch"], loaded.facts["offset"])
        other.memory = Memory(**loaded.facts.get("memory", {}))
        coming = [entry for entry in coming if entry.step > at]
    _apply(other, coming)
    while other.cursor.step < step:
        other.step()
        if other.meter.full or other.epoch_ended:
            other.meter.read()
        _apply(other, coming)


def _apply(other: Trainer, coming: list[LoggedCommand]) -> None:
    while coming and coming[0].step <= other.cursor.step:
        other.command(coming.pop(0).command)

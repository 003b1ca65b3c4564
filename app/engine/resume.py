"""Takes a trainer to where a snapshot was taken."""

from __future__ import annotations

from collections.abc import Sequence

from app.catalog.schedules import Memory
from app.engine.settings import in_force
from app.engine.snapshots import Loaded
from app.engine.trainer import Cursor, Trainer
from app.protocol.commands import EditWeight, LoggedCommand


def resume(trainer: Trainer, loaded: Loaded, log: Sequence[LoggedCommand]) -> None:
    """Settings, weights and place in the data. A weight written at that step, perhaps after the
    snapshot was taken, is written again: that changes nothing more."""
    step, facts = loaded.entry.step, loaded.facts
    trainer.apply(in_force(trainer.spec, log, step))
    trainer.load(loaded.tensors)
    for entry in log:
        if entry.step == step and isinstance(entry.command, EditWeight):
            trainer.command(entry.command)
    trainer.cursor = Cursor(step, facts["epoch"], facts["offset"])
    trainer.memory = Memory(**facts.get("memory", {}))

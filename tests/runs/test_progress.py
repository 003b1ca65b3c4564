"""What a run's record becomes with each event, and which steps lie on the way to a branch."""

from __future__ import annotations

import pytest

from app.core.text import text
from app.protocol.commands import (
    AnyCommand,
    Play,
    SetBatchSize,
    SetEpochs,
    SetLayer,
    SetOptimizer,
    SetSpeed,
)
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Metrics,
    Note,
    Rewound,
    SnapshotTaken,
    StateChanged,
    StoredEvent,
)
from app.protocol.runs import Branch, RunRecord
from app.runs.lineage import lineage, within
from app.runs.progress import Progress
from app.spec.settings import Settings, apply
from tests.runs.helpers import spec


def progress(*events: AnyEvent) -> Progress:
    record = RunRecord(
        id="r",
        name="",
        state="starting",
        spec=spec(),
        device="cpu",
        created=0.0,
        updated=0.0,
        settings=Settings.of(spec()),
    )
    found = Progress(record)
    for event in events:
        found.apply(StoredEvent(run="r", seq=found.record.last_seq + 1, time=7.0, event=event))
    return found


def metrics(step: int, epoch: float) -> Metrics:
    return Metrics(
        step=step, steps=[step], count=[1], loss=[1.0], epoch=epoch, samples_per_second=1.0
    )


def command(step: int, one: AnyCommand, branch: int = 0) -> CommandApplied:
    return CommandApplied(branch=branch, step=step, command=one)


def test_settings_start_as_the_spec_has_them() -> None:
    found = Settings.of(spec())
    assert found.optimizer["learning_rate"] == 0.05
    assert found.optimizer["nesterov"] is False
    assert "type" not in found.optimizer
    assert (found.batch_size, found.epochs, found.speed, found.layers) == (32, 50, None, {})


def test_every_setting_shows() -> None:
    settings = Settings.of(spec())
    for one in (
        SetOptimizer(values={"learning_rate": 0.5}),
        SetLayer(node="dropout1", values={"rate": 0.4}),
        SetBatchSize(batch_size=7),
        SetEpochs(epochs=9),
        SetSpeed(steps_per_second=2.0),
        Play(),
    ):
        settings = apply(settings, one)
    assert settings.optimizer["learning_rate"] == 0.5
    assert settings.optimizer["momentum"] == 0.9
    assert settings.layers == {"dropout1": {"rate": 0.4}}
    assert (settings.batch_size, settings.epochs, settings.speed) == (7, 9, 2.0)


def test_a_rewind_forgets_what_lies_ahead_but_not_the_speed() -> None:
    found = progress(
        command(5, SetBatchSize(batch_size=10)),
        command(20, SetBatchSize(batch_size=20)),
        command(30, SetSpeed(steps_per_second=3.0)),
        metrics(40, 4.0),
        Rewound(branch=1, parent=0, step=20, epoch=2.5),
    )
    assert found.record.settings.batch_size == 20, "a change at the very step counts"
    assert found.record.settings.speed == 3.0
    assert found.record.epoch == 2.5, "as the worker counted it"
    assert (found.record.branch, found.record.step) == (1, 20)
    later = progress(
        command(5, SetBatchSize(batch_size=10)),
        metrics(40, 4.0),
        Rewound(branch=1, parent=0, step=4),
    )
    assert later.record.settings.batch_size == 32
    assert later.log == ()


def test_a_late_snapshot_or_note_moves_the_run_nowhere() -> None:
    late = SnapshotTaken(branch=0, step=3, sha256="x", bytes=1)
    note = Note(branch=0, step=3, code="snapshot_failed", message=text("a", "b"))
    found = progress(metrics(40, 4.0), late, note)
    assert found.record.step == 40
    assert found.record.last_seq == 3


def test_the_same_state_again_is_no_event() -> None:
    found = progress(StateChanged(state="paused", step=4, device="cpu"))
    assert found.moves_nothing(StateChanged(state="paused", step=4))
    assert not found.moves_nothing(StateChanged(state="paused", step=5))
    assert not found.moves_nothing(StateChanged(state="paused", step=4, device="cuda"))
    again = StateChanged(state="paused", step=4, reason=text("a", "b"))
    assert not found.moves_nothing(again)


TREE = (
    Branch(branch=0, parent=None, step=0),
    Branch(branch=1, parent=0, step=50),
    Branch(branch=2, parent=1, step=30),
    Branch(branch=3, parent=2, step=40),
)


def test_lineage_of_a_branch_that_left_before_its_parent_began() -> None:
    assert lineage(TREE, 0) == [(0, None)]
    assert lineage(TREE, 1) == [(1, None), (0, 50)]
    assert lineage(TREE, 2) == [(2, None), (1, 30), (0, 30)]
    assert lineage(TREE, 3) == [(3, None), (2, 40), (1, 30), (0, 30)]
    with pytest.raises(KeyError):
        lineage(TREE, 4)


def test_within() -> None:
    way = lineage(TREE, 3)
    assert within(way, 0, 30)
    assert not within(way, 0, 31)
    assert within(way, 3, 10**9)
    assert not within(way, 5, 0)

"""The stored curve is a function of the training alone: not of the clock, stops, rewinds or deaths."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.engine import curve, report
from app.engine.curve import SINGLE, Curve, width
from app.engine.meter import Point
from app.engine.snapshots import file_name
from app.protocol.runs import Branch
from app.runs.curves import CurvePoint, training_points
from app.runs.lineage import lineage
from tests.engine.specs import Driven, Layers, run_spec

FLAT: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
EPOCH = -(-1437 // 64)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points grow wide after a few steps already."""
    monkeypatch.setattr(curve, "SINGLE", 8)


def seen(events: list[Any], branch: int | None = None) -> list[CurvePoint]:
    """What is stored of a session's events along the way to a branch."""
    branches = [Branch(branch=0, parent=None, step=0)]
    branches += [
        Branch(branch=one.branch, parent=one.parent, step=one.step)
        for one in events
        if one.type == "rewound"
    ]
    way = lineage(branches, branches[-1].branch if branch is None else branch)
    return training_points([one for one in events if one.type == "metrics"], way)[0]


def whole(points: list[CurvePoint]) -> bool:
    """Whether every step up to the last is in one point."""
    ends = [0, *(point.step for point in points)]
    return all(b - a == point.count for (a, b), point in zip(pairwise(ends), points, strict=True))


def test_widths_are_those_of_the_documentation() -> None:
    ends = [step for step in range(1, 100_001) if step % width(step) == 0]
    assert ends[:SINGLE] == list(range(1, SINGLE + 1))
    assert ends[SINGLE : SINGLE + 512] == list(range(1026, 2049, 2))
    assert ends[SINGLE + 512] == 2052
    assert {4096, 8192, 65536} <= set(ends)
    assert len(ends) < 5000
    for step in (1, 1024, 1025, 2048, 2049, 5000, 70_000):
        start = (step - 1) // width(step) * width(step)
        assert {width(one) for one in range(start + 1, start + width(step) + 1)} == {width(step)}


def test_a_point_is_the_mean_of_its_steps() -> None:
    made = Curve()
    steps = [Point(n, 1, 4, 0.1 * n, n % 3, 4, 1 / n) for n in range(1, SINGLE + 8)]
    ended = made.add(steps[: SINGLE + 1])
    ended += made.add(steps[SINGLE + 1 :])
    assert [point.step for point in ended[SINGLE:]] == [SINGLE + n for n in (2, 4, 6)]
    last = ended[-1]
    a, b = steps[SINGLE + 4 : SINGLE + 6]
    assert last.count == 2
    assert last.loss == pytest.approx((a.loss + b.loss) / 2)
    assert (last.hits, last.answers) == ((a.hits or 0) + (b.hits or 0), 8)
    assert last.rate == b.rate
    assert [point.step for point in made.growing] == [SINGLE + 7]


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("interval", [0.0, 0.004, 1e9])
def test_the_clock_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, interval: float) -> None:
    spec = run_spec(FLAT, schedule={"type": "cosine"})
    want = Driven(spec).do("play")
    monkeypatch.setattr(report, "INTERVAL", interval)
    again = Driven(spec)
    for unit in ("batch", "epoch"):
        again.do("step", unit=unit)
    again.to(EPOCH + 11).do("play")
    assert seen(list(again.events)) == seen(list(want.events))
    assert whole(seen(list(again.events)))
    assert [one.train_loss for one in again.of("validation")] == [
        one.train_loss for one in want.of("validation")
    ]


@pytest.mark.usefixtures("early")
def test_a_step_shows_its_loss_at_once() -> None:
    driven = Driven(run_spec(FLAT)).to(33)
    for step in (34, 35, 36, 37):
        driven.do("step")
        assert driven.of("metrics")[-1].steps[-1] == step
        assert seen(list(driven.events))[-1].step == step
        assert whole(seen(list(driven.events)))


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("back", [0, 3, 8, 9, 17, 30, 31, 40, 45])
def test_going_back_drops_no_step(tmp_path: Path, back: int) -> None:
    spec = run_spec(FLAT)
    want = seen(list(Driven(spec).to(46).events))
    driven = Driven(spec, tmp_path).to(21).to(46)
    before = seen(list(driven.events))
    assert before == want
    driven.do("rewind", step=back)
    here = seen(list(driven.events))
    assert whole(here)
    assert sum(point.count for point in here) == back
    driven.to(46)
    assert seen(list(driven.events)) == want
    assert seen(list(driven.events), branch=0) == want
    driven.do("rewind", step=back).do("set_optimizer", values={"learning_rate": 0.3}).to(46)
    changed = seen(list(driven.events))
    assert whole(changed)
    assert [point.step for point in changed] == [point.step for point in want]


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("cut", [21, 22, 27, 33, 39])
def test_a_death_in_the_middle_of_a_point(tmp_path: Path, cut: int) -> None:
    """A new process takes up the point where the stored events leave it."""
    spec = run_spec(FLAT)
    want = seen(list(Driven(spec).to(46).events))
    first = Driven(spec, tmp_path).to(21)
    if cut > 21:
        first.to(cut)
    stored = list(first.events)
    second = Driven(
        spec,
        tmp_path,
        snapshot=file_name(0, 21),
        replay_to=cut,
        emitted={"metrics": cut, "validation": cut},
    ).to(46)
    assert seen([*stored, *second.events]) == want


def test_a_diary_of_before_is_read_as_it_was() -> None:
    """Points of an earlier version end anywhere, and their branches drop what lies across."""
    from app.protocol.events import Metrics

    def old(branch: int, steps: list[int], count: list[int]) -> Metrics:
        return Metrics(
            branch=branch,
            step=steps[-1],
            steps=steps,
            count=count,
            loss=[float(step) for step in steps],
            learning_rate=0.1 * steps[-1],
            epoch=0.0,
            samples_per_second=1.0,
        )

    events = [old(0, [3, 6], [3, 3]), old(0, [7], [1]), old(1, [6, 9], [1, 3])]
    way = lineage([Branch(branch=0, parent=None, step=0), Branch(branch=1, parent=0, step=5)], 1)
    points, rates = training_points(events, way)
    assert [(point.step, point.count) for point in points] == [(3, 3), (6, 1), (9, 3)]
    assert rates == {9: pytest.approx(0.9)}

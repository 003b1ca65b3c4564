"""Points of a curve that grow are stored once: what newer metrics cover is dropped, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.text import text
from app.engine.curve import Curve
from app.engine.meter import Point
from app.protocol.events import Metrics, Note, Rewound, StoredEvent
from app.runs.curves import training_points
from app.store.database import migrate
from app.store.replaced import Replaced
from app.store.runs import Store
from app.store.salvage import salvage
from tests.runs.helpers import numbered
from tests.store.test_store import RUN, Diary


def told(start: int, stops: list[int], branch: int = 0) -> list[Metrics]:
    """What a reporter says of the steps after ``start`` that stops at these steps; the loss of a step
    is its number."""
    curve, events, step = Curve(), [], 0
    for stop in [start, *stops]:
        steps = [Point(n, 1, 1, float(n), None, 1) for n in range(step + 1, stop + 1)]
        points = [*curve.add(steps), *curve.growing]
        if stop > start and points:
            events.append(
                Metrics(
                    branch=branch,
                    step=points[-1].step,
                    steps=[point.step for point in points],
                    count=[point.count for point in points],
                    loss=[point.loss for point in points],
                    epoch=0.0,
                    samples_per_second=1.0,
                )
            )
        step = stop
    return events


def stored(events: list[Metrics]) -> list[StoredEvent]:
    return [
        StoredEvent(run=RUN, seq=seq, time=0.0, event=event) for seq, event in enumerate(events, 1)
    ]


@settings(max_examples=60)
@given(
    start=st.integers(0, 9000),
    gaps=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    pieces=st.integers(1, 7),
)
def test_the_curve_of_what_is_kept_is_the_curve_of_everything(
    start: int, gaps: list[int], pieces: int
) -> None:
    stops = [start + sum(gaps[: i + 1]) for i in range(len(gaps))]
    events = stored(told(start, stops))
    follower, held = Replaced(), dict[int, StoredEvent]()
    for first in range(0, len(events), pieces):
        new = follower.renewal(events[first : first + pieces])
        for _, seq in new.gone:
            held.pop(seq, None)
        held |= {one.seq: one for one in new.kept}
        follower.stored(new)
    kept = [held[seq] for seq in sorted(held)]
    assert numbered(kept)
    everything = training_points([one.event for one in events], [(0, None)])  # type: ignore[misc]
    assert training_points([one.event for one in kept], [(0, None)]) == everything  # type: ignore[misc]


def test_at_twenty_steps_a_second_one_event_a_point_stays() -> None:
    events = stored(told(0, list(range(2, 20_001, 2))))
    follower, kept = Replaced(), 0
    for one in events:
        new = follower.renewal([one])
        kept += len(new.kept) - len(new.gone)
        follower.stored(new)
    points = training_points([one.event for one in events], [(0, None)])[0]  # type: ignore[misc]
    assert len(events) == 10_000
    assert kept <= len(points)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path)
    await store.open()
    yield store
    await store.close()


async def test_what_was_replaced_is_gone_and_the_rest_says_since_when(store: Store) -> None:
    diary = await Diary(store).create()
    first, second, third, fourth = told(5000, [5001, 5003, 5005, 5017])
    await diary.add(first)
    await diary.add(second)
    await diary.add(Note(code="x", message=text("x", "x")), third, fourth)
    events = await store.events(RUN, 0, 100)
    assert [(one.seq, one.event.type, one.since) for one in events] == [
        (3, "note", None),
        (5, "metrics", 1),
    ]
    assert numbered(events)


async def test_another_branch_replaces_nothing_of_the_first(store: Store) -> None:
    diary = await Diary(store).create()
    left, on = told(5000, [5001]), told(5000, [5003], branch=1)
    await diary.add(*left, Rewound(branch=1, parent=0, step=5001), *on)
    assert [one.since for one in await store.events(RUN, 0, 100)] == [None, None, None]


async def test_a_transaction_that_failed_has_replaced_nothing(store: Store) -> None:
    diary = await Diary(store).create()
    first, second, third = told(5000, [5001, 5003, 5005])
    await diary.add(first)
    follower = store._replaced
    follower.renewal([StoredEvent(run=RUN, seq=2, time=0.0, event=second)])  # never committed
    await diary.add(third)
    assert [(one.seq, one.since) for one in await store.events(RUN, 0, 100)] == [(2, 1)]


async def test_salvage_misses_nothing_that_was_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    diary = await Diary(store).create()
    for event in told(5000, [5001, 5003, 5005]):
        await diary.add(event)
    await store.close()
    path = tmp_path / "glassnet.db"
    kept = salvage(path, "a test says so", migrate)
    assert (kept.runs, kept.events, kept.partly) == (1, 1, 0)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT seq, since FROM events").fetchall() == [(3, 1)]


async def test_salvage_reads_a_database_of_the_version_before(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.open()
    diary = await Diary(store).create()
    await diary.add(*told(0, [1]))
    await store.close()
    path = tmp_path / "glassnet.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE events DROP COLUMN since")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    assert salvage(path, "a test says so", migrate).events == 1

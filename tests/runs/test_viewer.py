"""Viewers and rooms, with sockets in memory: order, gaps, newest-wins, back pressure, dismissal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from app.core.errors import NotFound
from app.core.text import text
from app.protocol.events import StateChanged, StoredEvent
from app.protocol.frames import Stamped, metadata, with_metadata
from app.protocol.stream import (
    CLOSE_TOO_SLOW,
    Acknowledge,
    Subscribe,
    Unsubscribe,
    Visibility,
    Watch,
)
from app.protocol.taps import StoredSample, Tap
from app.runs import room as rooms
from app.runs import viewer as viewers
from app.runs.room import Room, tap_key
from app.runs.viewer import Viewer
from tests.runs.helpers import Socket, frame, numbered


def event(seq: int) -> StoredEvent:
    return StoredEvent(run="r", seq=seq, time=0.0, event=StateChanged(step=seq, state="running"))


def tap(index: int) -> Tap:
    return Tap(sample=StoredSample(index=index))


class Stage:
    """A room whose store is a list, and viewers in it."""

    def __init__(self) -> None:
        self.stored: list[StoredEvent] = []
        self.taps: list[dict[str, Tap]] = []
        self.room = Room("r", 0, self._fetch, lambda: self.taps.append(self.room.taps))

    async def _fetch(self, after: int, limit: int) -> list[StoredEvent]:
        await asyncio.sleep(0)
        return self.stored[after : after + limit]

    async def enter(self, run: str) -> Room:
        if run != "r":
            raise NotFound(kind=text("run", "运行"), name=run)
        return self.room

    def publish(self, count: int, of: int = 1) -> None:
        for _ in range(count):
            start = len(self.stored) + 1
            new = [event(seq) for seq in range(start, start + of)]
            self.stored += new
            self.room.publish(new)

    @asynccontextmanager
    async def viewer(
        self, patience: float = 10.0, client: str = ""
    ) -> AsyncIterator[tuple[Viewer, Socket]]:
        socket = Socket()
        viewer = Viewer(socket, self.enter, patience=patience, client=client)
        serving = asyncio.create_task(viewer.serve())
        try:
            yield viewer, socket
        finally:
            viewer.close()
            await serving


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert len(stage.room) == 0
    assert stage.room.taps == {}


async def test_events_arrive_in_order_without_gaps_from_any_cursor(stage: Stage) -> None:
    stage.publish(700)
    async with stage.viewer() as (viewer, socket), stage.viewer() as (late, other):
        await viewer.receive(Subscribe(run="r"))
        stage.publish(100, of=3)
        await late.receive(Subscribe(run="r", after=690))
        stage.publish(50)
        await socket.until(lambda: len(socket.events) == 1050)
        await other.until(lambda: len(other.events) == 360)
    assert numbered(socket.events)
    assert [stored.seq for stored in other.events] == list(range(691, 1051))


async def test_subscribing_again_reads_from_the_new_cursor(stage: Stage) -> None:
    stage.publish(5)
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        await socket.until(lambda: len(socket.events) == 5)
        await viewer.receive(Subscribe(run="r", after=3))
        await socket.until(lambda: len(socket.events) == 7)
        assert len(stage.room) == 1
    assert [stored.seq for stored in socket.events] == [1, 2, 3, 4, 5, 4, 5]


@pytest.mark.parametrize("after", [4, 700, 1_000_000_000, 2**53])
async def test_a_number_beyond_the_end_is_told_and_goes_on_from_the_end(
    stage: Stage, after: int
) -> None:
    stage.publish(3)
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r", after=after))
        await socket.until(lambda: len(socket.others) == 1)
        assert socket.others == [{"type": "reset", "run": "r", "last": 3}]
        stage.publish(2)
        await socket.until(lambda: len(socket.events) == 2)
        await viewer.receive(Subscribe(run="r", after=max(after, 6)))
        await socket.until(lambda: len(socket.others) == 2)
        assert socket.others[1]["last"] == 5
    assert [stored.seq for stored in socket.events] == [4, 5]


async def test_the_very_end_is_no_number_beyond_it(stage: Stage) -> None:
    stage.publish(3)
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r", after=3))
        stage.publish(1)
        await socket.until(lambda: len(socket.events) == 1)
        assert socket.others == []


async def test_of_frames_the_newest_wins_and_two_stay_unacknowledged(stage: Stage) -> None:
    key = tap_key(tap(3))
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        await viewer.receive(Watch(run="r", taps=(tap(0), tap(3))))
        for step in range(1, 9):
            stage.room.frame(key, frame(step=str(step)))
            await asyncio.sleep(0.005)
        await socket.until(lambda: len(socket.frames) == 2)
        assert [one["step"] for one in socket.frames] == ["1", "2"]
        await viewer.receive(Acknowledge(frame=1))
        await socket.until(lambda: len(socket.frames) == 3)
        stage.publish(1)
        await socket.until(lambda: len(socket.events) == 1)
    assert socket.frames[-1] == {"step": "8", "frame": "3", "tap": "1"}
    assert socket.blobs[-1][-1:] == b"\x07"


async def test_acknowledging_a_frame_covers_those_before_it(stage: Stage) -> None:
    key = tap_key(tap(0))
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        await viewer.receive(Watch(run="r", taps=(tap(0),)))
        for count in (1, 2):
            stage.room.frame(key, frame())
            await socket.until(lambda count=count: len(socket.frames) == count)  # type: ignore[misc]
        await viewer.receive(Acknowledge(frame=2))
        for count in (3, 4):
            stage.room.frame(key, frame())
            await socket.until(lambda count=count: len(socket.frames) == count)  # type: ignore[misc]


async def test_a_newcomer_sees_the_newest_frame_of_a_run_that_rests(stage: Stage) -> None:
    key = tap_key(tap(0))
    async with stage.viewer() as (first, one), stage.viewer() as (second, two):
        for viewer in (first, second):
            await viewer.receive(Subscribe(run="r"))
        await first.receive(Watch(run="r", taps=(tap(0),)))
        stage.room.frame(key, frame(step="9"))
        await one.until(lambda: len(one.frames) == 1)
        await second.receive(Watch(run="r", taps=(tap(0),)))
        await two.until(lambda: len(two.frames) == 1)
        assert two.frames[0]["step"] == "9"
        stage.room.forget_frames()
        async with stage.viewer() as (third, three):
            await third.receive(Subscribe(run="r"))
            await third.receive(Watch(run="r", taps=(tap(0),)))
            stage.publish(1)
            await three.until(lambda: len(three.events) == 1)
            assert three.frames == []
    assert len(stage.taps) == 2, "the same tap of several viewers is captured once"


async def test_a_hidden_tab_gets_no_frame_and_has_nothing_captured(stage: Stage) -> None:
    key = tap_key(tap(0))
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        await viewer.receive(Watch(run="r", taps=(tap(0),)))
        await viewer.receive(Visibility(visible=False))
        assert stage.taps == [{key: tap(0)}, {}]
        stage.room.frame(key, frame(step="1"))
        stage.publish(1)
        await socket.until(lambda: len(socket.events) == 1)
        assert socket.frames == []
        await viewer.receive(Visibility(visible=True))
        assert stage.taps[-1] == {key: tap(0)}
        stage.room.frame(key, frame(step="2"))
        await socket.until(lambda: len(socket.frames) == 1)
    assert socket.frames[0]["step"] == "2"


async def test_taps_are_merged_over_viewers(stage: Stage) -> None:
    async with stage.viewer() as (first, _), stage.viewer() as (second, _):
        for viewer, taps in ((first, (tap(0), tap(1))), (second, (tap(1), tap(2)))):
            await viewer.receive(Subscribe(run="r"))
            await viewer.receive(Watch(run="r", taps=taps))
        assert set(stage.room.taps) == {tap_key(tap(n)) for n in range(3)}
        await first.receive(Unsubscribe(run="r"))
        assert set(stage.room.taps) == {tap_key(tap(1)), tap_key(tap(2))}


async def test_a_viewer_that_stops_reading_is_dismissed_and_blocks_nobody(stage: Stage) -> None:
    async with stage.viewer() as (good, other):
        await good.receive(Subscribe(run="r"))
        socket = Socket()
        socket.stuck = True
        viewer = Viewer(socket, stage.enter, patience=0.2)
        serving = asyncio.create_task(viewer.serve())
        await viewer.receive(Subscribe(run="r"))
        stage.publish(100)
        await other.until(lambda: len(other.events) == 100)
        async with asyncio.timeout(5):
            assert await serving == CLOSE_TOO_SLOW
        assert socket.closed == CLOSE_TOO_SLOW
        assert len(stage.room) == 1


async def test_a_visible_tab_that_draws_no_frame_is_dismissed(stage: Stage) -> None:
    socket = Socket()
    viewer = Viewer(socket, stage.enter, patience=0.2)
    serving = asyncio.create_task(viewer.serve())
    await viewer.receive(Subscribe(run="r"))
    await viewer.receive(Watch(run="r", taps=(tap(0),)))
    stage.room.frame(tap_key(tap(0)), frame())
    async with asyncio.timeout(5):
        assert await serving == CLOSE_TOO_SLOW
    assert len(socket.frames) == 1


async def test_a_hidden_tab_may_leave_its_frame_undrawn(stage: Stage) -> None:
    async with stage.viewer(patience=0.1) as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        await viewer.receive(Watch(run="r", taps=(tap(0),)))
        stage.room.frame(tap_key(tap(0)), frame())
        await socket.until(lambda: len(socket.frames) == 1)
        await viewer.receive(Visibility(visible=False))
        await asyncio.sleep(0.3)  # three times what a visible tab would be given
        assert socket.closed is None


async def test_what_cannot_be_followed_is_refused_and_the_socket_stays(stage: Stage) -> None:
    async with stage.viewer() as (viewer, socket), stage.viewer() as (other, _):
        await viewer.receive(Watch(run="r", taps=()))
        await viewer.receive(Subscribe(run="nothing"))
        await socket.until(lambda: len(socket.others) == 2)
        await viewer.receive(Subscribe(run="r"))
        await other.receive(Subscribe(run="r"))
        for start in range(0, rooms.MAX_TAPS, 4):
            guest = viewer if start < 4 else other
            taps = tuple(tap(start + n) for n in range(4))
            await guest.receive(Watch(run="r", taps=taps))
    codes = [message["code"] for message in socket.others]
    assert codes == ["not_subscribed", "not_found"]
    assert all(message["type"] == "refused" for message in socket.others)


async def test_the_number_of_different_taps_is_bounded(stage: Stage) -> None:
    seats = [stage.viewer() for _ in range(rooms.MAX_TAPS // 4 + 1)]
    entered = [await seat.__aenter__() for seat in seats]
    for place, (viewer, _) in enumerate(entered):
        await viewer.receive(Subscribe(run="r"))
        taps = tuple(tap(4 * place + n) for n in range(4))
        await viewer.receive(Watch(run="r", taps=taps))
    last = entered[-1][1]
    await last.until(lambda: len(last.others) == 1)
    assert last.others[0]["code"] == "too_many_taps"
    assert len(stage.room.taps) == rooms.MAX_TAPS
    for seat in seats:
        await seat.__aexit__(None, None, None)


async def test_the_fifth_viewer_gets_frames_beside_four_tabs_of_another(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(stage.viewer(client="a")) for _ in range(4)]
        for place, (viewer, _) in enumerate(tabs):
            await viewer.receive(Subscribe(run="r"))
            taps = tuple(tap(4 * place + n) for n in range(4))
            await viewer.receive(Watch(run="r", taps=taps))
        assert len(stage.room.taps) == rooms.MAX_TAPS
        async with stage.viewer(client="b") as (fifth, socket):
            await fifth.receive(Subscribe(run="r"))
            await fifth.receive(Watch(run="r", taps=tuple(tap(100 + n) for n in range(4))))
            assert len(stage.room.taps) == rooms.MAX_TAPS
            assert {tap_key(tap(100 + n)) for n in range(4)} <= set(stage.room.taps)
            stage.room.frame(tap_key(tap(100)), frame())
            await socket.until(lambda: len(socket.frames) == 1)
            for _, other in tabs:  # each has one less, and is told
                await other.until(lambda other=other: len(other.others) == 1)  # type: ignore[misc]
                assert other.others[0]["code"] == "too_many_taps"
            assert not socket.others
        assert set(stage.room.taps) == {tap_key(tap(n)) for n in range(16)}, "all is as before"


async def test_the_number_of_subscriptions_is_bounded(stage: Stage) -> None:
    socket = Socket()

    async def enter(run: str) -> Room:
        return Room(run, 0, stage._fetch, lambda: None)

    viewer = Viewer(socket, enter)
    serving = asyncio.create_task(viewer.serve())
    for number in range(viewers.MAX_SUBSCRIPTIONS + 1):
        await viewer.receive(Subscribe(run=str(number)))
    await socket.until(lambda: len(socket.others) == 1)
    assert socket.others[0]["code"] == "too_many_runs"
    viewer.close()
    await serving


async def test_a_deleted_run_is_told(stage: Stage) -> None:
    async with stage.viewer() as (viewer, socket):
        await viewer.receive(Subscribe(run="r"))
        stage.room.close()
        await socket.until(lambda: len(socket.others) == 1)
        assert socket.others[0]["code"] == "not_found"
        assert len(stage.room) == 0


async def test_an_error_of_the_connection_ends_the_viewer(stage: Stage) -> None:
    class Broken(Socket):
        async def send_text(self, text: str) -> None:
            raise ConnectionResetError

    viewer = Viewer(Broken(), stage.enter)
    await viewer.receive(Subscribe(run="r"))
    stage.publish(1)
    with pytest.raises(ConnectionResetError):
        await viewer.serve()


@pytest.mark.parametrize("known", [{}, {"run": "r", "sample": '{"kind":"stored"}', "名": "图"}])
def test_a_stamped_frame_is_the_frame_with_metadata(known: dict[str, str]) -> None:
    plain = frame(**known)
    extra = {"frame": "12", "tap": "0"}
    stamped = Stamped(plain).stamp(extra)
    assert metadata(stamped) == metadata(with_metadata(plain, extra)) == {**known, **extra}
    assert int.from_bytes(stamped[:8], "little") % 8 == 0
    assert stamped.endswith(b"\x07")
    assert metadata(Stamped(plain).stamp({})) == known


def test_a_stamped_frame_is_read_by_safetensors() -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    found = numpy.load(Stamped(frame(run="r")).stamp({"frame": "1", "tap": "0"}))
    assert found["input.activation"].tolist() == [7]


async def test_all_who_follow_a_held_run_are_told_once_and_who_comes_later_too(
    stage: Stage,
) -> None:
    full, other = text("the disk is full", "磁盘已满"), {"type": "held", "run": "r", "reason": None}
    held = {**other, "reason": full.model_dump()}
    async with stage.viewer() as (first, here):
        await first.receive(Subscribe(run="r"))
        stage.room.hold(None)
        stage.room.hold(full)
        stage.room.hold(full)
        async with stage.viewer() as (second, there):
            await second.receive(Subscribe(run="r"))
            await there.until(lambda: there.others == [held])
            stage.room.hold(None)
            await there.until(lambda: there.others == [held, other])
        await here.until(lambda: here.others == [held, other])
    async with stage.viewer() as (third, late):
        await third.receive(Subscribe(run="r"))
        stage.publish(1)
        await late.until(lambda: len(late.events) == 1)
        assert late.others == []

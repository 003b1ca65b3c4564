"""The viewers of one run: who is there, its newest events and frames. Waits for nobody.

Events are not queued for viewers: each keeps the number it has reached and reads on from there,
from the tail kept here or from the store. So a slow viewer costs nothing and misses nothing.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from app.core.text import Text
from app.protocol.events import StoredEvent
from app.protocol.frames import Stamped
from app.protocol.taps import Tap
from app.runs.shares import shares

TAIL = 256
"""Newest events that are kept as JSON."""
PAGE = 100
"""Events in one message at most. Others wait while a page is made of rows: three milliseconds of 100."""
MAX_TAPS = 16
"""Different taps of all viewers of a run at most; where they want more, each gets a share."""

Fetch = Callable[[int, int], Awaitable[list[StoredEvent]]]


class Guest(Protocol):
    """What a room needs of a viewer. Neither call may wait."""

    def wake(self) -> None:
        """There are new events."""

    def offer(self, run: str, key: str, frame: Stamped) -> None:
        """There is a new frame of a tap that this viewer watches."""

    def gone(self, run: str) -> None:
        """The run was deleted."""

    def curtail(self, run: str, missing: int) -> None:
        """Others have a share too: this many of its taps get no frames for now."""

    def hold(self, run: str, reason: Text | None) -> None:
        """The run makes no step for this reason, or goes on."""


@dataclass
class _Seat:
    taps: dict[str, Tap]
    visible: bool = True
    client: str = ""
    missing: int = 0
    """Taps without a share."""


def tap_key(tap: Tap) -> str:
    """The same for the same tap, whoever asks."""
    return hashlib.blake2b(tap.model_dump_json().encode(), digest_size=8).hexdigest()


class Room:
    """Fan-out of one run. ``changed`` is called when the taps to capture are others."""

    def __init__(self, run: str, last: int, fetch: Fetch, changed: Callable[[], None]) -> None:
        self.run = run
        self.last = last
        """Number of the newest published event."""
        self._fetch = fetch
        self._changed = changed
        self._tail: deque[tuple[int, str]] = deque(maxlen=TAIL)
        self._frames: dict[str, Stamped] = {}
        self._seats: dict[Guest, _Seat] = {}
        self._taps: dict[str, Tap] = {}
        self._held: Text | None = None

    def __len__(self) -> int:
        return len(self._seats)

    @property
    def taps(self) -> dict[str, Tap]:
        """What visible viewers watch, each tap once, within everybody's share."""
        return self._taps

    def join(self, guest: Guest, visible: bool, client: str = "") -> None:
        """``client`` is the same for all tabs of one."""
        self._seats.setdefault(guest, _Seat({}, visible, client))
        if self._held is not None:
            guest.hold(self.run, self._held)

    def leave(self, guest: Guest) -> None:
        self._seats.pop(guest, None)
        self._share()

    def close(self) -> None:
        """The run was deleted: everybody is told, and leaves."""
        for guest in tuple(self._seats):
            guest.gone(self.run)

    def hold(self, reason: Text | None) -> None:
        """Tell everybody, now and later, why the run makes no step; None when it goes on."""
        if reason == self._held:
            return
        self._held = reason
        for guest in self._seats:
            guest.hold(self.run, reason)

    def watch(self, guest: Guest, taps: dict[str, Tap]) -> None:
        """Replace a viewer's taps; it gets the newest frame of each at once."""
        seat = self._seats[guest]
        new = taps.keys() - seat.taps.keys()
        seat.taps = taps
        self._share()
        if seat.visible:
            self._show(guest, new)

    def see(self, guest: Guest, visible: bool) -> None:
        """A viewer's tab is shown or hidden; hidden tabs have nothing captured."""
        seat = self._seats[guest]
        shown = visible and not seat.visible
        seat.visible = visible
        self._share()
        if shown:
            self._show(guest, seat.taps)

    def publish(self, events: list[StoredEvent]) -> None:
        """Events that are stored, in order, following those before."""
        for stored in events:
            self._tail.append((stored.seq, stored.model_dump_json()))
            self.last = stored.seq
        for guest in self._seats:
            guest.wake()

    def frame(self, key: str, frame: bytes) -> None:
        """A new frame: kept for those who come later, offered to those who watch its tap."""
        stamped = Stamped(frame)
        watched = False
        for guest, seat in self._seats.items():
            if seat.visible and key in seat.taps:
                watched = True
                guest.offer(self.run, key, stamped)
        if watched:
            self._frames[key] = stamped

    def forget_frames(self) -> None:
        """The run is elsewhere (rewound): old pictures are no longer true."""
        self._frames.clear()

    async def read(self, after: int) -> tuple[list[str], int]:
        """JSON of the events that follow number ``after`` (a page of them), and the last number."""
        if self._tail and self._tail[0][0] <= after + 1:
            found = [item for item in self._tail if item[0] > after][:PAGE]
            return [body for _, body in found], found[-1][0] if found else after
        stored = await self._fetch(after, PAGE)
        return [one.model_dump_json() for one in stored], stored[-1].seq if stored else after

    def _share(self) -> None:
        """Choose anew what is captured; who gets less than before is told."""
        watching = {guest: seat for guest, seat in self._seats.items() if seat.visible}
        wanted: dict[str, Tap] = {}
        for seat in watching.values():
            wanted |= seat.taps
        wishes = ((seat.client, list(seat.taps)) for seat in watching.values())
        taps = {key: wanted[key] for key in shares(wishes, MAX_TAPS)}
        changed = taps.keys() != self._taps.keys()
        self._taps = taps
        for guest, seat in watching.items():
            missing = len(seat.taps.keys() - taps.keys())
            if missing > seat.missing:
                guest.curtail(self.run, missing)
            seat.missing = missing
        if changed:
            for key in self._frames.keys() - taps.keys():
                del self._frames[key]
            self._changed()

    def _show(self, guest: Guest, keys: Iterable[str]) -> None:
        for key in keys:
            if key in self._frames:
                guest.offer(self.run, key, self._frames[key])

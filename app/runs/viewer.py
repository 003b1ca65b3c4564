"""One viewer: what it is sent, how fast, and when it is given up. Knows no socket library.

Two tasks serve it: a sender, which alone writes to the connection, and a watchdog, which ends a
viewer that leaves a frame undrawn or a message unread for ten seconds. Nothing here is queued:
events are read on from the number reached, and of frames only the newest of each tap waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from app.core.errors import GlassnetError, Problem
from app.core.text import Text, text
from app.protocol.frames import Stamped
from app.protocol.stream import (
    CLOSE_TOO_SLOW,
    Acknowledge,
    ClientMessage,
    Held,
    Refused,
    Reset,
    Subscribe,
    Unsubscribe,
    Visibility,
    Watch,
)
from app.protocol.taps import Tap
from app.runs.interfaces import Connection
from app.runs.room import MAX_TAPS, Room, tap_key

UNACKNOWLEDGED = 2
PATIENCE = 10.0
MAX_SUBSCRIPTIONS = 16
MAX_NOTICES = 32

_TOO_MANY_RUNS = text(
    "One connection can follow at most {limit} runs.", "一个连接最多可跟踪 {limit} 个运行。"
)
_TOO_MANY_TAPS = text(
    "The viewers of this run want to watch more than {limit} different things, and each gets a share: "
    "{missing} of yours get no frames until others leave.",
    "该运行的观看者要观看的不同内容超过 {limit} 种，每位观看者各得一份：您有 {missing} 项在他人离开前没有画面。",
)
_NOT_SUBSCRIBED = text("Subscribe to a run before you watch it.", "请先订阅该运行再观看。")
_GONE = text("This run was deleted.", "该运行已被删除。")

Enter = Callable[[str], Awaitable[Room]]
"""The room of a run; raises NotFound."""


@dataclass
class _Subscription:
    room: Room
    cursor: int
    taps: dict[str, int] = field(default_factory=dict)
    """Index into the tab's Watch, by tap key."""


class Viewer:
    """A tab's view of some runs. ``receive`` takes its messages, ``serve`` runs until it ends."""

    def __init__(
        self,
        connection: Connection,
        enter: Enter,
        left: Callable[[Viewer], None] = lambda viewer: None,
        patience: float = PATIENCE,
        client: str = "",
    ) -> None:
        self._connection = connection
        self._enter = enter
        self._left = left
        self._patience = patience
        self._client = client
        self._subscriptions: dict[str, _Subscription] = {}
        self._frames: dict[tuple[str, str], Stamped] = {}
        self._notices: list[Refused | Reset | Held] = []
        self._unacknowledged: dict[int, float] = {}
        self._number = 0
        self._visible = True
        self._sending_since: float | None = None
        self._wake = asyncio.Event()
        self._closed = False

    # --- called by rooms; never wait ----------------------------------------------------------

    def wake(self) -> None:
        self._wake.set()

    def offer(self, run: str, key: str, frame: Stamped) -> None:
        self._frames[run, key] = frame
        self._wake.set()

    def gone(self, run: str) -> None:
        """The run was deleted."""
        self._refuse("not_found", _GONE, run)
        self._unsubscribe(run)

    def curtail(self, run: str, missing: int) -> None:
        """Others watch this run too."""
        self._refuse("too_many_taps", _TOO_MANY_TAPS.format(limit=MAX_TAPS, missing=missing), run)

    def hold(self, run: str, reason: Text | None) -> None:
        """Nothing can be stored, or again."""
        self._notify(Held(run=run, reason=reason))

    # --- called by the connection's owner -----------------------------------------------------

    async def receive(self, message: ClientMessage) -> None:
        """Follow one message; what cannot be followed is answered by a Refused."""
        match message:
            case Subscribe():
                await self._subscribe(message)
            case Unsubscribe():
                self._unsubscribe(message.run)
            case Watch():
                self._watch(message)
            case Acknowledge():
                self._acknowledge(message.frame)
            case Visibility():
                self._see(message.visible)

    def refuse(self, problem: Problem, run: str) -> None:
        """A message about this run cannot be followed because of what it says."""
        self._refuse(problem.code, problem.message, run)

    async def serve(self) -> int | None:
        """Send until the viewer is closed or cancelled. Returns the close code it was ended with.

        A code means that the connection was told and should be cut off; exceptions of the
        connection (the peer is gone) pass through.
        """
        sender = asyncio.create_task(self._send_all(), name="viewer sender")
        watchdog = asyncio.create_task(self._watchdog(), name="viewer watchdog")
        try:
            done, _ = await asyncio.wait((sender, watchdog), return_when="FIRST_COMPLETED")
            if sender in done:
                sender.result()
                return None
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await self._connection.close(CLOSE_TOO_SLOW)
            return CLOSE_TOO_SLOW
        finally:
            self.close()
            for task in (sender, watchdog):
                task.cancel()
            await asyncio.gather(sender, watchdog, return_exceptions=True)

    def close(self) -> None:
        """Leave every room; ``serve`` returns."""
        self._closed = True
        for run in list(self._subscriptions):
            self._unsubscribe(run)
        self._wake.set()
        self._left(self)

    # --- messages -----------------------------------------------------------------------------

    async def _subscribe(self, message: Subscribe) -> None:
        known = self._subscriptions.get(message.run)
        if known is None and len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            limit = _TOO_MANY_RUNS.format(limit=MAX_SUBSCRIPTIONS)
            return self._refuse("too_many_runs", limit, message.run)
        try:
            room = await self._enter(message.run)
        except GlassnetError as error:
            return self._refuse(error.code, error.text, message.run)
        if self._closed:
            return None
        cursor = min(message.after, room.last)
        if cursor < message.after:
            self._notify(Reset(run=message.run, last=cursor))
        if known is None:
            self._subscriptions[message.run] = _Subscription(room, cursor)
            room.join(self, self._visible, self._client)
        else:
            known.cursor = cursor
        self._wake.set()
        return None

    def _unsubscribe(self, run: str) -> None:
        subscription = self._subscriptions.pop(run, None)
        if subscription is None:
            return
        for waiting in [place for place in self._frames if place[0] == run]:
            del self._frames[waiting]
        subscription.room.leave(self)

    def _watch(self, message: Watch) -> None:
        subscription = self._subscriptions.get(message.run)
        if subscription is None:
            return self._refuse("not_subscribed", _NOT_SUBSCRIBED, message.run)
        keys = [tap_key(tap) for tap in message.taps]
        taps: dict[str, Tap] = dict(zip(keys, message.taps, strict=True))
        subscription.taps = {key: keys.index(key) for key in keys}
        subscription.room.watch(self, taps)
        for place in [p for p in self._frames if p[0] == message.run and p[1] not in taps]:
            del self._frames[place]
        return None

    def _acknowledge(self, frame: int) -> None:
        """A frame drawn means that those before it are drawn or will never be."""
        for number in [number for number in self._unacknowledged if number <= frame]:
            del self._unacknowledged[number]
        if self._frames:
            self._wake.set()

    def _see(self, visible: bool) -> None:
        if visible == self._visible:
            return
        self._visible = visible
        now = asyncio.get_running_loop().time()
        self._unacknowledged = dict.fromkeys(self._unacknowledged, now)
        for subscription in self._subscriptions.values():
            subscription.room.see(self, visible)
        if not visible:
            self._frames.clear()
        self._wake.set()

    def _refuse(self, code: str, message: Text, run: str) -> None:
        self._notify(Refused(code=code, message=message, run=run))

    def _notify(self, notice: Refused | Reset | Held) -> None:
        if len(self._notices) < MAX_NOTICES:
            self._notices.append(notice)
        self._wake.set()

    # --- the sender ---------------------------------------------------------------------------

    async def _send_all(self) -> None:
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            while await self._send_some():
                pass

    async def _send_some(self) -> bool:
        """Send what is due: notices, a page of events per run, one frame. False: nothing was."""
        sent = False
        while self._notices:
            await self._text(self._notices.pop(0).model_dump_json())
            sent = True
        for run, subscription in list(self._subscriptions.items()):
            sent |= await self._send_events(run, subscription)
        return await self._send_frame() or sent

    async def _send_events(self, run: str, subscription: _Subscription) -> bool:
        if subscription.cursor >= subscription.room.last:
            return False
        start = subscription.cursor
        bodies, last = await subscription.room.read(start)
        if not bodies or subscription.cursor != start:
            return subscription.cursor != start
        subscription.cursor = last
        await self._text(f'{{"type":"events","run":"{run}","events":[{",".join(bodies)}]}}')
        return True

    async def _send_frame(self) -> bool:
        if not self._frames or not self._visible:
            return False
        if len(self._unacknowledged) >= UNACKNOWLEDGED:
            return False
        (run, key), frame = next(iter(self._frames.items()))
        del self._frames[run, key]
        subscription = self._subscriptions.get(run)
        if subscription is None or key not in subscription.taps:
            return True
        self._number += 1
        self._unacknowledged[self._number] = asyncio.get_running_loop().time()
        extra = {"frame": str(self._number), "tap": str(subscription.taps[key])}
        await self._bytes(frame.stamp(extra))
        return True

    async def _text(self, message: str) -> None:
        self._sending_since = asyncio.get_running_loop().time()
        await self._connection.send_text(message)
        self._sending_since = None

    async def _bytes(self, message: bytes) -> None:
        self._sending_since = asyncio.get_running_loop().time()
        await self._connection.send_bytes(message)
        self._sending_since = None

    # --- the watchdog -------------------------------------------------------------------------

    async def _watchdog(self) -> None:
        """Returns when the viewer is too slow."""
        while True:
            await asyncio.sleep(self._patience / 10)
            if self._too_slow():
                return

    def _too_slow(self) -> bool:
        limit = asyncio.get_running_loop().time() - self._patience
        if self._sending_since is not None and self._sending_since < limit:
            return True
        oldest = min(self._unacknowledged.values(), default=limit)
        return self._visible and oldest < limit

"""Bodies under way: each must keep coming, and together they take only so many places and so much memory.

One mechanism for every route, whether the guard reads its body or it does so itself, piece by piece.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from app.api.connections import neighbourhood
from app.api.limits import Limits
from app.api.refusals import BodyStalled, TooManyBodies


class Body:
    """One body. ``receive`` is ASGI's; it raises what is wrong with the way in which the body comes."""

    def __init__(self, arrivals: Arrivals, receive: Receive, address: str, *, kept: bool) -> None:
        self.address = address
        self.kept = kept
        """It is held in memory until it is whole; otherwise it goes to the disk as it comes."""
        self.size = 0
        self._arrivals = arrivals
        self._limits = arrivals.limits
        self._receive = receive
        self._whole = False
        self._displaced = False
        self._waited = 0.0
        self._since: float | None = None
        self._patience: asyncio.Timeout | None = None

    def late(self, now: float) -> float:
        """Seconds that it has kept the server waiting: now, or in all beyond what its bytes allow."""
        current = 0.0 if self._since is None else now - self._since
        return max(current, self._waited + current - self.size / self._limits.slowest)

    async def receive(self) -> Message:
        """The next message. Time in which the server itself was busy with the last one does not count."""
        if self._whole:
            return await self._receive()
        if self._displaced:
            raise self._stalled()
        message = await self._next()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self.size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._whole:
            self._arrivals.leave(self)
        else:
            self._arrivals.enter(self)
        return message

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        allowed = min(self._limits.body_seconds, self._limits.body_seconds - self.late(self._since))
        try:
            async with asyncio.timeout(max(0.0, allowed)) as self._patience:
                return await self._receive()
        except TimeoutError:
            raise self._stalled() from None
        finally:
            self._waited += loop.time() - self._since
            self._since = self._patience = None

    def _stalled(self) -> BodyStalled:
        self._arrivals.leave(self)
        return BodyStalled(rate=self._limits.slowest)

    def displace(self) -> None:
        """Another one needs the place."""
        self._displaced = True
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())


class Arrivals:
    """The bodies that a server is receiving and that are not whole yet."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bodies: dict[Body, None] = {}
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Return to one caller at a time, and between two of them let whatever else waits go on."""
        async with self._turn:
            await asyncio.sleep(0)

    @contextmanager
    def body(self, scope: Scope, receive: Receive, *, kept: bool) -> Iterator[Body]:
        """The body of a request, until that is answered."""
        client = scope.get("client")
        body = Body(self, receive, neighbourhood(client[0] if client else ""), kept=kept)
        try:
            yield body
        finally:
            self.leave(body)

    def enter(self, body: Body) -> None:
        """There is more of it to come: it takes a place, or more memory. Raises :class:`TooManyBodies`."""
        others = [one for one in self._bodies if one.kept == body.kept and one is not body]
        most = self.limits.bodies if body.kept else self.limits.streams
        mates = [one for one in others if one.address == body.address]
        if body not in self._bodies:
            # An address has half of the places at most.
            if len(mates) >= most // 2:
                self._displace(mates)
            elif len(others) >= most:
                self._displace(others)
            self._bodies[body] = None
        while body.kept and self._memory() > self.limits.body_memory:
            self._displace([one for one in self._bodies if one.kept and one is not body])

    def leave(self, body: Body) -> None:
        self._bodies.pop(body, None)

    def _memory(self) -> int:
        return sum(one.size for one in self._bodies if one.kept)

    def _displace(self, bodies: list[Body]) -> None:
        """End the body that is latest, of the address that has most of them."""
        now = asyncio.get_running_loop().time()
        count = Counter(one.address for one in bodies)
        late = [one for one in bodies if one.late(now) > self.limits.displaceable_seconds]
        if not late:
            raise TooManyBodies
        latest = max(late, key=lambda one: (count[one.address], one.late(now)))
        self.leave(latest)
        latest.displace()

"""HTTP connections as uvicorn makes them, held to the limits of a stranger: heads, waiting, and reading.

Nothing of a request is looked at here but its size and its time; what it says is for the guard.
"""

from __future__ import annotations

from asyncio import TimerHandle
from fcntl import ioctl
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from struct import unpack
from termios import TIOCOUTQ
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api import encode, errors
from app.api.limits import Limits
from app.api.refusals import (
    AddressTooLong,
    HeadStalled,
    HeadTooLarge,
    NotHttp,
    TooManyConnections,
)
from app.core.errors import GlassnetError

SLICE = 16 * 2**10
"""Bytes that the parser is given at a time: what is too much shows before more is parsed."""
LINGER_SECONDS = 1.0
LINGER_BYTES = 2**20
"""After a refusal, what still comes is dropped: a connection closed over unread bytes is reset, and the client
would never see why."""
DRAIN_SECONDS = 5.0
"""How long the rest of a body is taken after its request was answered."""


@lru_cache(1024)
def neighbourhood(host: str) -> str:
    """What limits by address count as one: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return address.packed[:8].hex()


class Gate:
    """Makes the connections of one server, and knows which of them wait for a request.

    Where there is no place left, the one that has waited longest makes room: strangers who open
    connections and stay silent lock nobody out.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._addresses: dict[str, dict[HttpConnection, None]] = {}
        self._waiting: dict[HttpConnection, None] = {}

    def __call__(self, **given: Any) -> HttpConnection:
        """What uvicorn calls for every connection."""
        return HttpConnection(self, **given)

    def __reduce__(self) -> tuple[Any, ...]:
        """A reloading server hands it to its processes: the limits go along, the connections do not."""
        return Gate, (self.limits,)

    def enter(self, connection: HttpConnection) -> bool:
        """False: there is no place for it."""
        mates = self._addresses.setdefault(connection.address, {})
        mates[connection] = None
        if len(mates) > self.limits.per_address:
            return self._displace(mates)
        full = len(connection.connections) > self.limits.connections
        if full or len(self._waiting) >= self.limits.unfinished:
            return self._displace(max(self._addresses.values(), key=len)) or not full
        return True

    def leave(self, connection: HttpConnection) -> None:
        """It ended, or became a tab's socket."""
        self._waiting.pop(connection, None)
        mates = self._addresses.get(connection.address, {})
        mates.pop(connection, None)
        if not mates:
            self._addresses.pop(connection.address, None)

    def note(self, connection: HttpConnection, *, waits: bool) -> None:
        """Whether it waits for its client; one that is being answered is never displaced."""
        if not waits:
            self._waiting.pop(connection, None)
        elif connection not in self._waiting:
            self._waiting[connection] = None

    def _displace(self, crowd: dict[HttpConnection, None]) -> bool:
        """Close the one of these that has waited longest, or of all where none of these waits."""
        longest = next((one for one in self._waiting if one in crowd), None)
        longest = longest or next(iter(self._waiting), None)
        if longest is None:
            return False
        self.leave(longest)
        longest.transport.abort()
        return True


class _Unacceptable(Exception):
    """Ends the parser's work; the reason is the connection's ``fault``."""


class HttpConnection(HttpToolsProtocol):
    """One connection. Its timer runs while the client has the next word: until its request is whole."""

    def __init__(self, gate: Gate, **given: Any) -> None:
        super().__init__(**given)
        self._gate = gate
        self._limits = gate.limits
        self.address = ""
        self._fault: GlassnetError | None = None
        self._refused = False
        self._left = False
        self._begun = False
        """A request's head has begun and is not complete."""
        self._loose = 0
        """Bytes without a break that belong to no body."""
        self._trailers = 0
        self._dropped = 0
        self._deadline: TimerHandle | None = None
        self._sending: TimerHandle | None = None

    # --- beginning and end ------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = neighbourhood(self.client[0] if self.client else "")
        if self._gate.enter(self):
            self._watch()
        else:
            self._refuse(TooManyConnections())

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()

    def _leave(self) -> None:
        self._left = True
        self._gate.leave(self)
        self._unset_keepalive_if_required()
        for timer in (self._deadline, self._sending):
            if timer is not None:
                timer.cancel()
        self._deadline = self._sending = None

    # --- what comes -------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._refused:
            self._drop(len(data))
            return
        while data and self._listens():
            size = min(SLICE, self._limits.head_bytes + 1 - self._loose)
            piece, data = data[:size], data[size:]
            self._loose += len(piece)
            self._parse(piece)
            if self._loose > self._limits.head_bytes and self._listens():
                self._refuse(self._too_large())
        self._watch()

    def _listens(self) -> bool:
        return not (self._refused or self._left or self.transport.is_closing())

    def _parse(self, piece: bytes) -> None:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self._refuse(self._fault or NotHttp())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        self._trailers = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.line_bytes:
            self._stop(AddressTooLong(limit=self._limits.line_bytes))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._begun:
            # Behind a body: nothing may come in as a header after the guard has looked at them.
            self._trailers += 1
        else:
            super().on_header(name, value)
        many = len(self.headers) + self._trailers > self._limits.head_lines
        if many or len(name) + len(value) > self._limits.line_bytes:
            self._stop(self._too_large())

    def on_headers_complete(self) -> None:
        self._begun = False
        self._loose = 0
        super().on_headers_complete()
        if len(self.pipeline) > self._limits.pipelined:
            self._stop(NotHttp())

    def on_body(self, body: bytes) -> None:
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._loose = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._left or self._answering():
            return
        self._gate.note(self, waits=True)
        if self.cycle.more_body and self._deadline is None:
            drain = min(DRAIN_SECONDS, self._limits.body_seconds)
            self._deadline = self.loop.call_later(drain, self._expire)

    def _too_large(self) -> HeadTooLarge:
        limits = self._limits
        return HeadTooLarge(
            bytes=limits.head_bytes, lines=limits.head_lines, line=limits.line_bytes
        )

    def _stop(self, fault: GlassnetError) -> None:
        """From a callback of the parser: end its work."""
        self._fault = fault
        raise _Unacceptable

    # --- whose word it is -------------------------------------------------------------------------

    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        """Let the timer run from the moment that a request is due until it is whole. It is never put off:
        a byte now and then does not help."""
        if not self._listens():
            return
        answering = self._answering()
        self._gate.note(self, waits=not answering)
        if answering and not self._begun:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.head_seconds, self._expire)

    def _expire(self) -> None:
        self._deadline = None
        if self._answering():
            # The request before this one is still being answered, or nothing more is read until it is.
            self._watch()
        elif self._begun:
            self._refuse(HeadStalled(seconds=round(self._limits.head_seconds)))
        else:
            self.transport.close()

    # --- refusals ---------------------------------------------------------------------------------

    def _refuse(self, error: GlassnetError) -> None:
        """Say why, unless an answer is under way, and close."""
        self._refused = True
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._answering() or self.transport.is_closing():
            self.transport.abort()
            return
        self.transport.write(_response(error))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _drop(self, count: int) -> None:
        self._dropped += count
        if self._dropped > LINGER_BYTES:
            self.transport.abort()

    # --- readers that do not read -------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._sending is None and not self._left:
            self._look_again(self._unread())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _look_again(self, before: int) -> None:
        self._sending = self.loop.call_later(self._limits.send_seconds, self._progress, before)

    def _progress(self, before: int) -> None:
        now = self._unread()
        if before - now < self._limits.send_seconds * self._limits.slowest:
            self.transport.abort()
        else:
            self._look_again(now)

    def _unread(self) -> int:
        """Bytes that the client has not taken: kept here, and in the kernel."""
        kept = int(self.transport.get_write_buffer_size())
        try:
            (queued,) = unpack(
                "i", ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
            )
        except OSError:  # no kernel but Linux tells
            queued = 0
        return kept + int(queued)


def _response(error: GlassnetError) -> bytes:
    """A problem document from the server itself: no request was understood that it could belong to."""
    details = errors.details(error, "")
    body = encode.encode(details)
    return (
        f"HTTP/1.1 {error.status} {details['title']}\r\n"
        f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    ).encode() + body

"""How much and how long a stranger may send: every limit of a connection in one place, with its reason.

The connection holds those of heads and connections, the guard those of bodies, the stream those of messages.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass, field

RESERVED_FILES = 256
"""File descriptors that are kept for workers, the database, snapshots and uploads."""
MOST_CONNECTIONS = 4096


def affordable() -> int:
    """Connections that this process can hold open and still open files: its limit of descriptors decides."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(files // 4, min(MOST_CONNECTIONS, files - RESERVED_FILES))


@dataclass(frozen=True)
class Limits:
    """Bytes, seconds and counts. A field is a setting too where an administrator may need another value."""

    head_seconds: float = 8.0
    """From the first byte of a request to the end of its headers, and from accept to the first byte. A
    browser sends its headers in one segment; what takes longer holds a connection for nothing."""
    idle_seconds: float = 5.0
    """A connection between two requests: browsers open another one without being asked."""
    head_bytes: int = 32 * 2**10
    """Request line and headers, and any other bytes that carry no body: chunk extensions, trailers, empty
    lines. A browser sends about 1 KiB; the parser's work grows with the square of an unfinished line."""
    head_lines: int = 100
    """Headers of a request. A browser sends 20, proxies in front add some."""
    line_bytes: int = 8000
    """One header, or the address: what the WebSocket's handshake takes in a line too (8192 with its ends)."""
    pipelined: int = 16
    """Requests that wait behind the one that is answered. No browser sends even one."""

    connections: int = field(default_factory=affordable)
    """All connections, the open sockets of tabs included."""
    per_address: int = 512
    """HTTP connections of one address. A whole class may sit behind one: 30 × 6 of their browsers fit."""
    unfinished: int = 256
    """Connections without a whole request, all together. One more closes the one that has waited longest."""

    body_seconds: float = 8.0
    """Without a byte of a body, or behind ``slowest``, after which a request is given up."""
    slowest: int = 1024
    """Bytes a second that a body must bring in the time that the server waits for it."""
    bodies: int = 64
    """Bodies under way that are kept in memory until they are whole."""
    body_memory: int = 8 * 2**20
    """Bytes that these hold together."""
    streams: int = 16
    """Bodies under way that go to the disk as they come: uploads and weights."""
    displaceable_seconds: float = 1.0
    """Where there is no place left, a body that has kept the server waiting for this long makes room."""

    send_seconds: float = 10.0
    """Without ``slowest`` bytes a second being taken from what was sent, after which a reader is cut off."""

    message_rate: float = 200.0
    """Tokens a second that a tab's socket gets back: a frame drawn costs 1, what changes subscriptions
    or taps ``message_costs``. Four taps at 20 Hz take 80."""
    message_burst: float = 400.0
    message_costs: int = 10
    control_rate: float = 50.0
    """Pings, pongs and fragments a second, with ``control_burst`` at once. A browser sends a pong every 20 s."""
    control_burst: float = 500.0
    flood_seconds: float = 10.0
    """A socket that is held back for this long without a pause is closed."""


class Bucket:
    """Tokens that come back at a rate, up to a number; time is given, so that nothing here waits."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._since = now

    def take(self, cost: float, now: float) -> float:
        """Take tokens, on credit if need be; seconds until the credit is paid back."""
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate) - cost
        self._since = now
        return max(0.0, -self._tokens / self._rate)

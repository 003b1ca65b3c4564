"""The worker's end of its socket: a thread that reads and a thread that writes.

The training thread never waits for the socket. Of frames only the newest of each key is kept; a
closed socket ends the process at once.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.protocol.wire import Message, encode, recv_message

HEARTBEAT = 2.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Channel:
    """Messages of the web process arrive in ``inbox``; ``send`` and ``frame`` return at once."""

    def __init__(self, sock: socket.socket, on_end: Callable[[], None]) -> None:
        self.inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.step = 0
        """What the heartbeat says."""
        self._sock = sock
        self._on_end = on_end
        self._ready = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._frames: dict[str, tuple[dict[str, Any], bytes]] = {}
        self._sending = False
        self._closed = False
        for target, name in ((self._read, "reader"), (self._write, "writer")):
            threading.Thread(target=target, name=name, daemon=True).start()

    def receive(self, timeout: float | None) -> Message | None:
        """The next message; null after ``timeout`` seconds (0: at once, None: wait for ever)."""
        try:
            if timeout is not None and timeout <= 0:
                return self.inbox.get_nowait()
            return self.inbox.get(timeout=timeout)
        except queue.Empty:
            return None

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        """Send reliably and in order."""
        message = encode(header, payload)
        with self._ready:
            self._messages.append(message)
            self._ready.notify()

    def frame(self, key: str, header: dict[str, Any], payload: bytes) -> None:
        """Send the newest of this key; one that has not left yet is dropped."""
        with self._ready:
            self._frames[key] = (header, payload)
            self._ready.notify()

    def drop_frames(self) -> None:
        """Forget frames that have not left: nobody watches them any more."""
        with self._ready:
            self._frames.clear()

    def drain(self, seconds: float) -> None:
        """Wait until everything reliable has been handed to the system, at most so long."""
        with self._ready:
            self._closed = True
            self._ready.notify()
            self._ready.wait_for(lambda: not self._messages and not self._sending, seconds)

    def _read(self) -> None:
        try:
            while True:
                self.inbox.put(recv_message(self._sock))
        except (EOFError, OSError, ValueError):
            self._on_end()

    def _write(self) -> None:
        beat = time.monotonic()
        try:
            while True:
                blob = self._next(beat + HEARTBEAT)
                if blob is None:
                    beat = time.monotonic()
                    facts = {"type": "heartbeat", "step": self.step, "rss": resident_bytes()}
                    blob = encode(facts)
                self._sock.sendall(blob)
                with self._ready:
                    self._sending = False
                    self._ready.notify_all()
        except OSError:
            self._on_end()

    def _next(self, beat: float) -> bytes | None:
        """The next message to send, reliable ones first; null when a heartbeat is due."""
        with self._ready:
            while not self._messages and (not self._frames or self._closed):
                left = beat - time.monotonic()
                if left <= 0:
                    return None
                self._ready.wait(left)
            self._sending = True
            if self._messages:
                return self._messages.popleft()
            key = next(iter(self._frames))
            header, payload = self._frames.pop(key)
        return encode(header, payload)


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE

"""A tab as a program: a WebSocket client that keeps events and frames and acknowledges what it draws."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.sync.client import ClientConnection, connect

from app.protocol.frames import metadata
from tests.support import LiveServer

PATIENCE = 60.0


@dataclass
class Tab:
    """One open tab. ``events`` are stored events, ``frames`` tensor frames, in order of arrival."""

    socket: ClientConnection
    events: list[dict[str, Any]] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    acknowledges: bool = True

    def send(self, kind: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **fields}))

    def follow(self, run: str, *roles: str, after: int = 0, rate: float = 20.0) -> None:
        """Subscribe, and watch roles if any are named."""
        self.send("subscribe", run=run, after=after)
        if roles:
            self.send("watch", run=run, taps=[{"roles": list(roles), "rate": rate}])

    def take(self, timeout: float = PATIENCE) -> None:
        """Wait for one message and keep it."""
        message = self.socket.recv(timeout=timeout)
        if isinstance(message, bytes):
            self.frames.append(message)
            if self.acknowledges:
                self.send("ack", frame=int(metadata(message)["frame"]))
            return
        read = json.loads(message)
        self.events += read.get("events", [])
        if read["type"] == "refused":
            self.refusals.append(read)

    def until(self, done: Callable[[], Any]) -> Any:
        """Take messages until ``done()`` is true; its value."""
        deadline = time.monotonic() + PATIENCE
        while not (found := done()):
            self.take(deadline - time.monotonic())
        return found

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type."""
        return [stored["event"] for stored in self.events if stored["event"]["type"] == kind]

    def until_state(self, state: str) -> dict[str, Any]:
        """Wait for the newest state to be this one."""
        return dict(
            self.until(
                lambda: (last := self.of("state")[-1:]) and last[0]["state"] == state and last[0]
            )
        )


@contextmanager
def open_tab(server: LiveServer, **headers: str) -> Iterator[Tab]:
    """A tab that has been greeted."""
    with connect(server.socket_url, max_size=None, additional_headers=headers) as socket:
        hello = json.loads(socket.recv(timeout=PATIENCE))
        assert hello["type"] == "hello"
        yield Tab(socket)

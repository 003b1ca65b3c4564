"""Bytes to and from a server as no client library would send them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import LiveServer

PATIENCE = 20.0
SECONDS = 0.5
"""The patience of the hasty server."""


@dataclass
class Ending:
    """What came before a connection was closed, and after how many seconds it was."""

    answer: bytes
    seconds: float

    @property
    def status(self) -> int:
        """0 where it was closed without a word."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0

    @property
    def code(self) -> str:
        body = self.answer.partition(b"\r\n\r\n")[2]
        return str(json.loads(body)["code"]) if body.startswith(b"{") else ""


def head(server: LiveServer, method: str, path: str, *lines: str) -> bytes:
    """A whole head."""
    first = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


def opened(server: LiveServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@contextmanager
def crowd(server: LiveServer, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have sent the same bytes and then say nothing."""
    connections = []
    try:
        for _ in range(count):
            connections.append(opened(server))
            with suppress(OSError):
                connections[-1].sendall(sent)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def ending(connection: socket.socket, since: float | None = None) -> Ending:
    """Read until the server closes; a reset is an end too."""
    began = time.monotonic() if since is None else since
    answer = b""
    with suppress(ConnectionError):
        while piece := connection.recv(2**16):
            answer += piece
    return Ending(answer, time.monotonic() - began)


def send(server: LiveServer, *pieces: bytes) -> Ending:
    """Send pieces until the server has enough, and see how it ends."""
    with opened(server) as connection:
        began = time.monotonic()
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        return ending(connection, began)


def drip(server: LiveServer, start: bytes, piece: bytes, pause: float) -> Ending:
    """Send a start, and then a piece now and then."""
    with opened(server) as connection:
        began = time.monotonic()
        connection.sendall(start)
        connection.settimeout(pause)
        answer = b""
        while time.monotonic() < began + PATIENCE:
            try:
                found = connection.recv(2**16)
                answer += found
                if not found:
                    break
            except TimeoutError:
                with suppress(ConnectionError):
                    connection.sendall(piece)
            except ConnectionError:
                break
        return Ending(answer, time.monotonic() - began)


def resident(server: LiveServer) -> float:
    """MiB of memory that the server holds now."""
    text = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def descriptors(server: LiveServer) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def waits(server: LiveServer, seconds: float, path: str = "/livez") -> list[float]:
    """How long a visitor waits for an answer, asked again and again on a connection of its own."""
    found = []
    request = head(server, "GET", path)
    until = time.monotonic() + seconds
    with opened(server) as connection:
        while time.monotonic() < until:
            began = time.monotonic()
            connection.sendall(request)
            answer = connection.recv(2**16)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
            while not answer.endswith(b"}"):
                answer += connection.recv(2**16)
            found.append(time.monotonic() - began)
            time.sleep(0.002)
    return found


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def json_of(ending: Ending) -> Any:
    return json.loads(ending.answer.partition(b"\r\n\r\n")[2])

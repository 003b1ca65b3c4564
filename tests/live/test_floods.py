"""Sockets that flood, fragment, or say what is no text: they are held back or closed, and others wait little."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, SHUT_WR, socket
from typing import Any

import pytest

from app.api import stream
from app.api.limits import Limits
from app.protocol.stream import CLOSE_TOO_FAST, Visibility
from tests.live.viewer import open_tab
from tests.live.wire import head, opened, percentile, waits
from tests.support import LiveServer

TEXT, PING, PONG, CONTINUATION = 0x1, 0x9, 0xA, 0x0


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else struct.pack(">BH", 0x80 | 126, length)
    return bytes([opcode | (0x80 if final else 0)]) + size + bytes(4) + payload


@contextmanager
def raw_tab(server: LiveServer) -> Iterator[socket]:
    """A tab whose frames are written by hand; its greeting has been read."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    with opened(server) as connection:
        connection.sendall(
            head(server, "GET", "/api/v1/stream", *lines, f"Sec-WebSocket-Key: {key}")
        )
        greeting = b""
        while b'"hello"' not in greeting:
            greeting += connection.recv(2**16)
        yield connection


def close_code(connection: socket) -> int | None:
    """The code of the close frame that comes, whatever comes before it."""
    received = b""
    with suppress(ConnectionError, TimeoutError):
        while piece := connection.recv(2**16):
            received += piece
    place = 0
    while place + 2 <= len(received):
        opcode, length = received[place] & 0xF, received[place + 1]
        start = place + 2
        if length == 126:
            (length,) = struct.unpack_from(">H", received, start)
            start += 2
        elif length == 127:
            (length,) = struct.unpack_from(">Q", received, start)
            start += 8
        if opcode == 0x8:
            return int(struct.unpack_from(">H", received, start)[0])
        place = start + length
    return None


def message(kind: str, **fields: Any) -> bytes:
    return frame(TEXT, json.dumps({"type": kind, **fields}).encode())


def tracebacks(server: LiveServer) -> list[str]:
    return [line for line in server.lines if "Traceback" in line or "Exception" in line]


@contextmanager
def flooding(connection: socket, bytes_: bytes) -> Iterator[Callable[[], bool]]:
    """Write in a thread until the server has had enough; whether all was written."""
    written = threading.Event()

    def write() -> None:
        with suppress(OSError):
            connection.sendall(bytes_)
            written.set()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield written.is_set
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize(
    "flood",
    [
        message("subscribe", run="none") + message("unsubscribe", run="none"),
        message("ack", frame=1),
        message("visibility", visible=False) + message("visibility", visible=True),
        message("watch", run="none", taps=[]),
        frame(PING, b"x" * 100),
        frame(PONG, b""),
    ],
    ids=["subscribe", "ack", "visibility", "watch", "ping", "pong"],
)
def test_others_wait_little_beside_a_flood(hasty: LiveServer, flood: bytes) -> None:
    waits(hasty, 0.3)
    with raw_tab(hasty) as connection, flooding(connection, flood * 50_000):
        among = waits(hasty, 1.5)
        assert max(among) < 0.2, sorted(among)[-5:]
        assert percentile(among, 0.99) < 0.05
    assert not tracebacks(hasty)


@pytest.mark.deep
@pytest.mark.timeout(60)
def test_a_flood_that_goes_on_is_closed(hasty: LiveServer) -> None:
    with raw_tab(hasty) as connection:
        began = time.monotonic()
        with flooding(connection, message("visibility", visible=True) * 50_000):
            assert close_code(connection) == CLOSE_TOO_FAST
            assert 8 < time.monotonic() - began < 20


def test_a_tab_that_is_busy_is_followed(hasty: LiveServer) -> None:
    with open_tab(hasty) as tab:
        for number in range(300):
            tab.send("ack", frame=number)
        for _ in range(50):
            tab.send("unsubscribe", run="none")
        tab.send("subscribe", run="none")
        assert tab.until(lambda: tab.refusals)[0]["code"] == "not_found"


def test_who_is_held_back_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(message_rate=100, message_burst=10, message_costs=10, flood_seconds=0.5)
    monkeypatch.setattr(stream, "LIMITS", limits)

    async def send(count: int) -> float:
        pace, began = stream._Pace(), time.monotonic()
        for _ in range(count):
            await pace.keep(Visibility(visible=True))
        return time.monotonic() - began

    assert 0.15 < asyncio.run(send(4)) < 0.45
    with pytest.raises(stream.BadMessage) as refused:
        asyncio.run(send(20))
    assert refused.value.code == CLOSE_TOO_FAST


def test_control_frames_and_fragments_are_few(hasty: LiveServer) -> None:
    for flood in (
        frame(PING, b"x") * 5000,
        frame(TEXT, b'{"type":', final=False) + frame(CONTINUATION, b"", final=False) * 5000,
    ):
        with raw_tab(hasty) as connection:
            with suppress(ConnectionError):
                connection.sendall(flood)
            assert close_code(connection) in (CLOSE_TOO_FAST, None)
    assert hasty.get("/livez").status == 200
    assert not tracebacks(hasty)


@pytest.mark.parametrize(
    "bad", [b"\xff", b'{"type":"\xc3"}', b"\xed\xa0\x80", b"a\xf4\x90\x80\x80"]
)
def test_bad_text_is_closed_quietly(hasty: LiveServer, bad: bytes) -> None:
    said = len(hasty.lines)
    with raw_tab(hasty) as connection:
        connection.sendall(frame(TEXT, bad))
        assert close_code(connection) == 1007
    with raw_tab(hasty) as connection:
        connection.sendall(frame(TEXT, bad[:1], final=False) + frame(CONTINUATION, bad[1:]))
        assert close_code(connection) == 1007
    time.sleep(0.1)
    assert len(hasty.lines) - said <= 2
    assert not tracebacks(hasty)


@pytest.mark.parametrize(
    "last",
    [
        b"",
        frame(TEXT, b"no message"),
        frame(TEXT, b"x" * 1000)[:300],
        frame(0x3, b"reserved"),
        frame(TEXT, b"x", final=False) + frame(TEXT, b"y"),
        frame(PING, b"x" * 125, final=False),
        bytes([0x81, 0x01]) + b"a",
        struct.pack(">BBQ", 0x81, 0xFF, 2**40),
    ],
)
def test_leaving_in_the_middle_of_anything_is_quiet(hasty: LiveServer, last: bytes) -> None:
    for _ in range(5):
        with raw_tab(hasty) as connection:
            connection.sendall(message("subscribe", run="none") + last)
            connection.shutdown(SHUT_WR)
    with raw_tab(hasty) as connection:
        connection.sendall(message("subscribe", run="none") * 20 + last)
    assert hasty.get("/livez").status == 200
    assert not tracebacks(hasty)


def test_a_large_message_in_pieces_is_taken(hasty: LiveServer) -> None:
    """A mebibyte of blanks in 64 fragments before a message that is followed."""
    pieces = [frame(TEXT, b" " * 16_000, final=False)]
    pieces += [frame(CONTINUATION, b" " * 16_000, final=False)] * 62
    body = json.dumps({"type": "subscribe", "run": "none"}).encode()
    with raw_tab(hasty) as connection:
        connection.sendall(b"".join(pieces) + frame(CONTINUATION, body))
        assert b"not_found" in connection.recv(2**16)

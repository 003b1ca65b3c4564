"""Connections of strangers: heads without end, half requests, silence. All are closed; nobody else notices."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn

from app.api.connections import Gate
from app.api.limits import Limits
from tests.live.wire import (
    SECONDS,
    Ending,
    crowd,
    descriptors,
    drip,
    ending,
    head,
    json_of,
    opened,
    percentile,
    resident,
    send,
    waits,
)
from tests.support import LiveServer, live_server

MIB = 2**20


def start(server: LiveServer, path: str = "/livez") -> bytes:
    """A head without its last line."""
    return head(server, "GET", path)[:-2]


# --- size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        b"X: " + b"a" * MIB,
        b"X: a\r\n" * (MIB // 6),
        b"a" * MIB,
        b"X" * MIB + b": a",
        b"Cookie: " + b"a=b; " * (MIB // 5),
        b"X: a\r\n b\r\n" * (MIB // 10),
        b"X: " + b"a" * 20_000 + b"\r\n\r\n",
        b"X: a\r\n" * 101 + b"\r\n",
    ],
    ids=["value", "lines", "no colon", "name", "cookie", "folded", "one line", "101 lines"],
)
def test_heads_without_end_are_refused_at_once(hasty: LiveServer, more: bytes) -> None:
    end = send(hasty, start(hasty), more)
    assert end.status in (0, 400, 431)
    assert end.seconds < SECONDS + 1.5


def test_a_large_head_is_refused_in_words(hasty: LiveServer) -> None:
    end = send(hasty, start(hasty) + b"X: " + b"a" * 40_000)
    assert (end.status, end.code) == (431, "headers_too_large")
    problem = json_of(end)
    assert problem["title"]
    assert "32768" in problem["message"]["en"]
    assert "32768" in problem["message"]["zh"]


def test_a_long_address_is_refused_in_words(hasty: LiveServer) -> None:
    end = send(hasty, b"GET /?" + b"a" * 9000 + b" HTTP/1.1\r\n")
    assert (end.status, end.code) == (414, "address_too_long")


def test_what_is_within_the_limits_is_answered(hasty: LiveServer) -> None:
    lines = [f"X-{number}: {'a' * 300}" for number in range(90)]
    end = send(hasty, head(hasty, "GET", "/livez?" + "a" * 7000, *lines[:70], "Connection: close"))
    assert end.status == 200
    end = send(hasty, head(hasty, "GET", "/livez", *["A: b"] * 97, "Connection: close"))
    assert end.status == 200
    end = send(hasty, head(hasty, "GET", "/livez", "A: " + "b" * 7900, "Connection: close"))
    assert end.status == 200


def test_heads_in_small_pieces_are_counted_as_one(hasty: LiveServer) -> None:
    assert send(hasty, start(hasty), *[b"X: " + b"a" * 900 + b"\r\n"] * 40).status == 431
    whole = head(hasty, "GET", "/livez", "X: y", "Connection: close")
    assert send(hasty, *(whole[place : place + 1] for place in range(len(whole)))).status == 200


def test_the_second_request_is_held_to_the_same(hasty: LiveServer) -> None:
    end = send(hasty, head(hasty, "GET", "/livez"), start(hasty), b"X: " + b"a" * 60_000)
    assert end.answer.count(b"HTTP/1.1 200") <= 1
    assert end.seconds < 0.9 * SECONDS or b"HTTP/1.1 431" in end.answer


@pytest.mark.parametrize(
    "abuse",
    [
        b"1;" + b"x" * MIB,
        b"1\r\na\r\n0\r\nX: " + b"a" * MIB,
        b"1\r\na\r\n0\r\n" + b"X: a\r\n" * 100_000,
        b"1\r\na\r\n0\r\n" + b"X: a\r\n" * 200 + b"\r\n",
        b"0" * MIB,
    ],
    ids=["extension", "trailer", "trailers", "200 trailers", "length"],
)
def test_chunks_carry_bodies_only(hasty: LiveServer, abuse: bytes) -> None:
    begin = head(
        hasty,
        "POST",
        "/api/v1/models:check",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
    )
    end = send(hasty, begin, abuse)
    assert end.status in (0, 400, 408, 431)
    assert end.seconds < SECONDS + 1.5


def test_a_trailer_is_no_header(tmp_path_factory: pytest.TempPathFactory) -> None:
    token = "a token of the owner"
    data = tmp_path_factory.mktemp("data")
    with live_server(data, GLASSNET_TOKEN=token, GLASSNET_HOST="127.0.0.1") as server:
        lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        chunked = b"2\r\n{}\r\n0\r\n"
        path = "/api/v1/models:check"
        trailer = f"Authorization: Bearer {token}\r\n\r\n".encode()
        with opened(server) as connection:
            connection.sendall(head(server, "POST", path, *lines) + chunked + trailer)
            assert connection.recv(2**16).startswith(b"HTTP/1.1 401")
        with opened(server) as connection:
            allowed = head(server, "POST", path, *lines, trailer.decode().strip())
            connection.sendall(allowed + chunked + b"X: y\r\n\r\n")
            assert connection.recv(2**16).startswith(b"HTTP/1.1 422")


def test_requests_queue_up_within_bounds(hasty: LiveServer) -> None:
    few = head(hasty, "GET", "/livez") * 10 + head(hasty, "GET", "/livez", "Connection: close")
    assert send(hasty, few).answer.count(b"HTTP/1.1 200") == 11
    before = resident(hasty)
    send(hasty, head(hasty, "GET", "/livez") * 20_000)
    assert resident(hasty) < before + 5


# --- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /livez HTTP/1.1\r\nX: a", b"\r\n"])
def test_half_requests_are_closed_in_time(hasty: LiveServer, sent: bytes) -> None:
    end = send(hasty, sent)
    assert end.status in (0, 408)
    assert SECONDS * 0.9 < end.seconds < SECONDS + 1.5


def test_dripping_does_not_buy_time(hasty: LiveServer) -> None:
    for piece in (b"a", b"X: a\r\n"):
        end = drip(hasty, start(hasty), piece, 0.1)
        assert (end.status, end.code) == (408, "headers_stalled")
        assert end.seconds < SECONDS + 1.5
    assert drip(hasty, b"", b"\r\n", 0.1).seconds < SECONDS + 1.5


def test_the_second_request_has_its_time_too(hasty: LiveServer) -> None:
    with opened(hasty) as connection:
        connection.sendall(head(hasty, "GET", "/livez") + b"GET /livez HTTP/1.1\r\nX: ")
        end = ending(connection)
    assert end.answer.startswith(b"HTTP/1.1 200")
    assert end.seconds < SECONDS + 1.5


def test_the_body_of_a_request_without_one_is_not_waited_for(hasty: LiveServer) -> None:
    begin = head(hasty, "GET", "/livez", "Content-Length: 1000000")
    for end in (send(hasty, begin, b"x"), drip(hasty, begin, b"x", 0.2)):
        assert end.status == 200
        assert end.seconds < SECONDS + 1.5


def test_a_handshake_is_held_to_the_same(hasty: LiveServer) -> None:
    lines = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    path = "/api/v1/stream"
    assert send(hasty, head(hasty, "GET", path, *lines)[:-2]).status == 408
    assert send(hasty, head(hasty, "GET", path, *lines, "X: " + "a" * 40_000)).status == 431
    assert send(hasty, head(hasty, "GET", path, *lines[:2])).status in (400, 426)
    assert send(hasty, head(hasty, "GET", path, *lines[:3], "Sec-WebSocket-Key: x")).status == 400
    with opened(hasty) as connection:
        connection.sendall(head(hasty, "GET", path, *lines))
        assert connection.recv(12) == b"HTTP/1.1 101"
        time.sleep(2 * SECONDS)
        connection.setblocking(False)
        assert connection.recv(2**16)  # the greeting; then nothing, but it is not closed
        with pytest.raises(BlockingIOError):
            connection.recv(1)


# --- number ----------------------------------------------------------------------------------------


def test_who_is_silent_makes_room(hasty: LiveServer) -> None:
    """More than 24 connections of one address: the one that waited longest goes, not the newcomer."""
    with crowd(hasty, 24) as silent:
        assert send(hasty, head(hasty, "GET", "/livez", "Connection: close")).status == 200
        assert ending(silent[0]).answer == b""
    with crowd(hasty, 60, b"GET / HTTP"):
        assert hasty.get("/livez").status == 200
        assert descriptors(hasty) < 24 + 60


def test_nothing_of_it_is_left(hasty: LiveServer) -> None:
    before = descriptors(hasty)
    with crowd(hasty, 20, start(hasty)) as half:
        for connection in half:
            ending(connection)
    deadline = time.monotonic() + 5
    while descriptors(hasty) > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert descriptors(hasty) <= before
    assert not [line for line in hasty.lines if "Traceback" in line or "Exception" in line]


async def _eight_mebibytes(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send({**start, "headers": [(b"content-length", b"%d" % (8 * MIB))]})
    for _ in range(8):
        await send({"type": "http.response.body", "body": bytes(MIB), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def small_server(**limits: Any) -> Iterator[int]:
    """A server in a thread that answers everything with 8 MiB; its port."""
    config = uvicorn.Config(
        _eight_mebibytes,
        http=Gate(Limits(**limits)),  # type: ignore[arg-type]  # called like a class
        lifespan="off",
        log_level="error",
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def taken(port: int, size: int, pause: float) -> int:
    """Bytes of 8 MiB that a reader gets that takes ``size`` of them and pauses, for 4 s at most."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        count, until = 0, time.monotonic() + 4
        with suppress(ConnectionError):
            while piece := connection.recv(size if time.monotonic() < until else 2**20):
                count += len(piece)
                time.sleep(pause if time.monotonic() < until else 0)
        return count


def test_a_reader_that_does_not_read_is_cut_off() -> None:
    with small_server(send_seconds=0.5, slowest=2**17) as port:
        assert taken(port, 100, 0.1) < 8 * MIB
        assert taken(port, 2**20, 0.1) > 8 * MIB


def test_a_slow_reader_that_reads_gets_everything() -> None:
    with small_server(send_seconds=0.5, slowest=2**10) as port:
        assert taken(port, 2**15, 0.05) > 8 * MIB


# --- all at once -----------------------------------------------------------------------------------

LONG_LINE = b"X: " + b"a" * MIB
MANY_LINES = b"X-A: b\r\n" * (MIB // 8)


@pytest.mark.deep
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("count", "kind"),
    [(300, "silent"), (300, "half"), (300, "body"), (30, "line"), (30, "lines")],
)
def test_crowds_change_nothing_for_others(
    tmp_path_factory: pytest.TempPathFactory, count: int, kind: str
) -> None:
    with live_server(tmp_path_factory.mktemp("data")) as server:
        post = head(
            server,
            "POST",
            "/api/v1/models:check",
            "Content-Type: application/json",
            "Content-Length: 900000",
        )
        sent = {
            "silent": b"",
            "half": start(server),
            "body": post + b"[" * 1000,
            "line": start(server) + LONG_LINE,
            "lines": start(server) + MANY_LINES,
        }[kind]
        waits(server, 1)
        before = resident(server)
        alone = waits(server, 3)
        began = time.monotonic()
        with crowd(server, count, sent) as connections:
            grown = resident(server) - before
            among = waits(server, 3)
            ends: list[Ending] = [ending(one, began) for one in connections]
        assert max(end.seconds for end in ends) <= 10
        assert max(grown, resident(server) - before) <= 10
        # Before and after, for other work on the machine comes and goes; a time slice is 4 ms.
        undisturbed = max(percentile(alone, 0.99), percentile(waits(server, 3), 0.99))
        assert percentile(among, 0.99) <= 1.5 * undisturbed + 0.005

"""Bodies that do not come: on every route they are given up in time, leave nothing, and lock nobody out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.live.wire import SECONDS, Ending, crowd, drip, ending, head, opened, resident, send
from tests.support import LiveServer
from tests.waiting import until

CSV = b"a,b,c\n" + b"".join(b"%d,%d,%s\n" % (i, i * i, b"xy"[i % 2 : i % 2 + 1]) for i in range(60))
ROUTES = [
    ("POST", "/api/v1/uploads", "text/csv"),
    ("POST", "/api/v1/uploads", "multipart/form-data; boundary=x"),
    ("POST", "/api/v1/weights", "application/octet-stream"),
    ("POST", "/api/v1/models:check", "application/json"),
    ("POST", "/api/v1/runs", "application/json"),
    ("PATCH", "/api/v1/own-data/x", "application/json"),
    ("DELETE", "/api/v1/own-data/x", "text/plain"),
    ("POST", "/nothing/here", "text/plain"),
]


def begin(server: LiveServer, method: str, path: str, kind: str, length: int = 100_000) -> bytes:
    return head(server, method, path, f"Content-Type: {kind}", f"Content-Length: {length}")


def left_over(server: LiveServer) -> list[Path]:
    """What is on the disk of files under way."""
    return [*server.data.rglob("*.part"), *(server.data / "uploads").glob("*")]


def until_nothing_is_left(server: LiveServer) -> None:
    until(lambda: not left_over(server), "a clean disk", 10)


def remove(server: LiveServer, state: dict[str, Any]) -> None:
    """Wait until an upload has been read, and remove what was made of it."""
    deadline = time.monotonic() + 60
    while state["state"] == "reading" and time.monotonic() < deadline:
        time.sleep(0.05)
        state = server.get(f"/api/v1/uploads/{state['id']}").json()
    assert state["state"] == "done", state
    server.request("DELETE", f"/api/v1/own-data/{state['digest']}")


def tracebacks(server: LiveServer) -> list[str]:
    return [line for line in server.lines if "Traceback" in line or "Exception" in line]


@pytest.mark.parametrize(("method", "path", "kind"), ROUTES)
@pytest.mark.parametrize("piece", [b"", b"x"], ids=["silent", "dripping"])
def test_bodies_that_do_not_come_are_given_up(
    hasty: LiveServer, method: str, path: str, kind: str, piece: bytes
) -> None:
    start = begin(hasty, method, path, kind) + (b"--x\r\nA: " if "form" in kind else b"x")
    end = drip(hasty, start, piece, 0.15) if piece else send(hasty, start)
    assert (end.status, end.code) == (408, "body_stalled")
    assert end.seconds < SECONDS + 1.5
    until_nothing_is_left(hasty)


def test_a_chunked_body_has_to_go_on_too(hasty: LiveServer) -> None:
    start = head(
        hasty,
        "POST",
        "/api/v1/weights",
        "Content-Type: application/octet-stream",
        "Transfer-Encoding: chunked",
    )
    assert drip(hasty, start, b"1\r\nx\r\n", 0.1).status == 408
    assert drip(hasty, start + b"5;", b"x=y;", 0.1).status == 408


def test_a_body_in_pieces_that_keeps_coming_is_taken(hasty: LiveServer) -> None:
    spec = {"model": [{"type": "flatten"}], "training": {"dataset": {"type": "digits28"}}}
    body = json.dumps(spec).encode() + b" " * 4000
    start = begin(hasty, "POST", "/api/v1/models:check", "application/json", len(body))
    with opened(hasty) as connection:
        connection.sendall(start)
        for place in range(0, len(body), 500):
            time.sleep(0.08)
            connection.sendall(body[place : place + 500])
        assert connection.recv(2**16).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("path", "kind"), [(path, kind) for _, path, kind in ROUTES[:4]])
def test_silent_clients_lock_nobody_out(server: LiveServer, path: str, kind: str) -> None:
    """With the ordinary patience of 8 s: 40 of them, from the address of the honest one."""
    with crowd(server, 40, begin(server, "POST", path, kind) + b"x"):
        time.sleep(1.2)
        answer = server.request("POST", "/api/v1/uploads", CSV, {"content-type": "text/csv"})
        assert answer.status == 202, answer.body
        whole = server.request("POST", "/api/v1/models:check", b"{}" + b" " * 500_000)
        assert whole.status == 422
    until_nothing_is_left(server)
    remove(server, answer.json())


@pytest.mark.deep
def test_half_bodies_take_little_memory(server: LiveServer) -> None:
    before = resident(server)
    half = begin(server, "POST", "/api/v1/runs", "application/json", 900_000) + b"[" * 500_000
    with crowd(server, 60, half) as connections:
        time.sleep(0.5)
        assert resident(server) - before < 25
        statuses = [ending(connection).status for connection in connections]
    assert {503, 408} >= set(statuses)
    assert statuses.count(503) >= 30


@pytest.mark.parametrize(("method", "path", "kind"), ROUTES)
def test_who_leaves_in_mid_body_leaves_nothing(
    hasty: LiveServer, method: str, path: str, kind: str
) -> None:
    for _ in range(5):
        with opened(hasty) as connection:
            connection.sendall(begin(hasty, method, path, kind) + b"x" * 1000)
            time.sleep(0.02)
    assert hasty.get("/livez").status == 200
    until_nothing_is_left(hasty)
    assert not tracebacks(hasty)


def test_who_leaves_in_mid_answer_is_not_missed(hasty: LiveServer) -> None:
    for path in ("/api/v1/openapi.json", "/api/v1/catalog", "/en/", "/api/v1/presets"):
        for taken in (0, 100):
            with opened(hasty) as connection:
                connection.sendall(head(hasty, "GET", path))
                connection.recv(taken)
    assert hasty.get("/livez").status == 200
    assert not tracebacks(hasty)


def test_uploads_at_a_time_are_read_one_after_the_other(server: LiveServer) -> None:
    """More than can be read at a time: the others wait their turn, and none is refused."""
    begun = [
        server.request(
            "POST", "/api/v1/uploads", CSV + b"%d,1,x\n" % n, {"content-type": "text/csv"}
        )
        for n in range(7)
    ]
    assert {answer.status for answer in begun} == {202}
    for answer in begun:
        remove(server, answer.json())


@pytest.mark.deep
@pytest.mark.timeout(120)
def test_fifty_silent_files_of_weights(server: LiveServer) -> None:
    """With the ordinary patience: all are closed in ten seconds, and no part is left."""
    start = begin(server, "POST", "/api/v1/weights", "application/octet-stream", 200_000_000)
    began = time.monotonic()
    with crowd(server, 50, start + b"x" * 1024) as connections:
        ends: list[Ending] = [ending(connection, began) for connection in connections]
    assert max(end.seconds for end in ends) <= 10
    assert {end.status for end in ends} <= {408, 503}
    until_nothing_is_left(server)

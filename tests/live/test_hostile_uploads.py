"""Files made to do harm, sent to a real server: how long a refusal takes, and what it costs in memory.

The wall clock is asserted with a wide margin, for the machine may be busy; figures are printed (`-s`).
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from tests.live.test_own_data import CSV, ended, stored
from tests.own.files import bomb_png, png, shades, zipped
from tests.support import LiveServer

GIB = 2**30
MOST_MIB = 50.0
LINE = b"1.5,2.5,red\n"
PIECE = LINE * (2**16 // len(LINE))


def peak(pid: int) -> float:
    """MiB that the process has held at most since :func:`forget`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@contextmanager
def bounded(server: LiveServer, what: str) -> Iterator[None]:
    """Whatever the block sends, the server grows by 50 MiB at most, and lives."""
    pid = server.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, began = peak(pid), time.monotonic()
    yield
    grown = peak(pid) - before
    sys.stdout.write(f"{what}: {time.monotonic() - began:.2f} s, {grown:+.1f} MiB\n")
    assert grown < MOST_MIB
    assert server.get("/livez").status == 200


def head_of(server: LiveServer, *headers: str) -> bytes:
    lines = (f"Host: 127.0.0.1:{server.port}", "Content-Type: text/csv", *headers)
    return ("POST /api/v1/uploads HTTP/1.1\r\n" + "".join(f"{one}\r\n" for one in lines)).encode()


def answered(connection: socket.socket, pieces: Iterator[bytes], most: int) -> tuple[bytes, int]:
    """Send on until an answer comes or all is sent: the answer, and how many bytes were taken."""
    connection.setblocking(False)
    sent, left = 0, b""
    while sent < most:
        with suppress(BlockingIOError):
            return rest(connection, connection.recv(2**16)), sent
        left = left or next(pieces)
        try:
            taken = connection.send(left)
        except BlockingIOError:
            time.sleep(0.001)
            continue
        sent, left = sent + taken, left[taken:]
    return rest(connection, b""), sent


def rest(connection: socket.socket, found: bytes) -> bytes:
    """What came and what comes, until the body says what was wrong or the server hangs up."""
    connection.settimeout(60)
    with suppress(ConnectionResetError, BrokenPipeError):
        while b'"code"' not in found and (piece := connection.recv(2**16)):
            found += piece
    return found


def test_a_csv_of_one_gigabyte_is_refused_before_it_arrives(server: LiveServer) -> None:
    """With its length announced, as every browser does: no byte of it is waited for."""

    def table() -> Iterator[bytes]:
        while True:
            yield PIECE

    with bounded(server, "1 GiB announced"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head_of(server, f"Content-Length: {GIB}", ""))
            began = time.monotonic()
            answer, sent = answered(connection, table(), GIB)
            took = time.monotonic() - began
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"body_too_large" in answer
        assert "请求".encode() in answer or "字节".encode() in answer
        assert sent < 64 * 2**20
        assert took < 5.0, "0.1 s on a quiet machine"
    assert not list((server.data / "uploads").glob("*"))


@pytest.mark.deep
def test_a_csv_of_one_gigabyte_without_a_length_ends_at_the_limit(server: LiveServer) -> None:
    """Nobody can know before: it is stored piece by piece up to the limit, then dropped."""

    def chunks() -> Iterator[bytes]:
        while True:
            yield f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"

    with bounded(server, "1 GiB in pieces"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head_of(server, "Transfer-Encoding: chunked", ""))
            answer, sent = answered(connection, chunks(), GIB)
        assert answer.startswith(b"HTTP/1.1 413")
        assert sent < 600 * 2**20
    assert not list((server.data / "uploads").glob("*"))


ROWS = b"".join(b"%d,%d,%s\n" % (i, i * i, b"xy"[i % 2 : i % 2 + 1]) for i in range(2000))
WHOLE = png(np.zeros((9, 9), np.uint8))
HOSTILE: dict[str, tuple[Callable[[], bytes], str | int]] = {
    "bomb PNG": (lambda: zipped({**shades("a", "b"), "a/bomb.png": bomb_png()}), 1),
    "names with ..": (
        lambda: zipped({**shades("a", "b"), "../../x.png": WHOLE, "/etc/y.png": WHOLE}),
        2,
    ),
    "bomb zip": (lambda: zipped({**shades("a", "b"), "a/x.png": bytes(200 << 20)}), 1),
    "mixed types": (lambda: b"a,b,c\n" + ROWS + b"word,1,x\n1,2\n", 2),
    "NaN and infinity": (lambda: b"a,b,c\n" + ROWS + b"nan,1,x\ninf,2,y\n1e999,3,x\n", 2),
    "wrong encoding": (lambda: "长度,种类\n".encode("gb18030") + b"1,\xff\xfe\n" * 50, "either"),
    "bytes": (lambda: bytes(range(256)) * 4000, "upload_unknown"),
    "empty file": (lambda: b"", "upload_empty"),
}
"""What makes what is sent, and the refusal's code or how many rows or files are listed as unfit."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_read_or_refused(server: LiveServer, name: str) -> None:
    make, wanted = HOSTILE[name]
    content = make()
    with bounded(server, name):
        began = time.monotonic()
        answer = server.request("POST", "/api/v1/uploads", content, CSV)
        assert answer.status in (202, 422)
        if answer.status == 422:
            assert answer.json()["code"] == wanted
            return
        upload = ended(server, answer.json())
        assert time.monotonic() - began < 20.0, "under a second on a quiet machine"
        if upload["state"] == "failed":
            error = upload["error"]
            assert error["code"] == wanted or wanted == "either"
            assert error["message"]["en"] != error["message"]["zh"]
            return
        assert upload["state"] == "done"
        detail = stored(server, upload["digest"])
        assert wanted == "either" or detail["report"]["remark_count"] == wanted
    assert server.request("DELETE", f"/api/v1/own-data/{upload['digest']}").status == 204

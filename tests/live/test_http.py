"""Requests as no ordinary client sends them: trailers, lengths that differ, a file's folder and its rights."""

from __future__ import annotations

import json
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import LiveServer, live_server

TOKEN = "a token that is long enough"


def raw(server: LiveServer, *parts: bytes) -> bytes:
    """All that the server answers to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        found = b""
        with suppress(ConnectionError):
            connection.sendall(b"".join(parts))
            while piece := connection.recv(65536):
                found += piece
    return found


def head(server: LiveServer, *lines: str) -> bytes:
    host = f"host: 127.0.0.1:{server.port}"
    return "\r\n".join([lines[0], host, "connection: close", *lines[1:], "", ""]).encode()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> object:
    with live_server(tmp_path_factory.mktemp("guarded"), "--token", TOKEN) as server:
        yield server


CHUNKED = ("POST /api/v1/models:check HTTP/1.1", "transfer-encoding: chunked")


@pytest.mark.parametrize(
    "trailer",
    [f"authorization: Bearer {TOKEN}", "content-type: application/json\r\nauthorization: Bearer x",
     f"cookie: glassnet=x\r\nAuthorization: Bearer {TOKEN}"],
)  # fmt: skip
def test_a_trailer_is_no_header(guarded: LiveServer, trailer: str) -> None:
    body = b"2\r\n{}\r\n0\r\n" + trailer.encode() + b"\r\n\r\n"
    answer = raw(guarded, head(guarded, *CHUNKED, "content-type: application/json"), body)
    assert b" 401 " in answer.split(b"\r\n")[0]


def test_a_trailer_changes_no_media_type_and_no_origin(server: LiveServer) -> None:
    plain = head(server, *CHUNKED, "content-type: text/plain")
    answer = raw(server, plain, b"2\r\n{}\r\n0\r\ncontent-type: application/json\r\n\r\n")
    assert b" 415 " in answer.split(b"\r\n")[0]
    mine = head(server, *CHUNKED, "content-type: application/json")
    answer = raw(server, mine, b"2\r\n{}\r\n0\r\norigin: http://evil.example\r\n\r\n")
    assert b" 422 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "lines",
    [
        ("content-length: 2", "content-length: 20"),
        ("content-length: 2", "content-length: 2"),
        ("content-length: 2", "transfer-encoding: chunked"),
        ("transfer-encoding: chunked", "content-length: 2"),
        ("content-length: -2",),
        ("content-length: 2, 2",),
        ("content-length: +2",),
        ("content-length: 0x2",),
    ],
)
def test_lengths_that_differ_are_refused(server: LiveServer, lines: tuple[str, ...]) -> None:
    asked = head(
        server, "POST /api/v1/models:check HTTP/1.1", "content-type: application/json", *lines
    )
    answer = raw(server, asked, b"{}\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert answer.count(b"HTTP/1.1 ") == 1, (
        "the connection ends with a request that was not understood"
    )


def test_two_origins_are_foreign(server: LiveServer) -> None:
    own = f"origin: {server.url}"
    for lines in (("origin: http://evil.example", own), (own, "origin: http://evil.example")):
        asked = head(server, "POST /api/v1/runs HTTP/1.1", "content-length: 2", *lines)
        answer = raw(server, asked, b"{}")
        assert b" 403 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("length", [255, 256, 300, 4000])
def test_long_names_are_not_found(server: LiveServer, length: int) -> None:
    assert server.get("/static/" + "a" * length).status == 404
    assert server.get("/static/assets/" + "%C3%A9" * length).status == (
        404 if length < 1000 else 414
    )


def test_head_has_the_length_and_no_body(server: LiveServer) -> None:
    for path in ("/api/v1/catalog", "/static/icon.svg", "/en/reference", "/api/v1/nothing"):
        got = raw(server, head(server, f"GET {path} HTTP/1.1"))
        asked = raw(server, head(server, f"HEAD {path} HTTP/1.1"))
        headers, _, body = got.partition(b"\r\n\r\n")
        assert body
        assert without_date(asked) == without_date(headers + b"\r\n\r\n")


def without_date(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if not line.lower().startswith(b"date:")]


def rights(folder: Path) -> set[int]:
    """The rights of everybody else, over all that is in the folder and itself."""
    found = [folder, *folder.rglob("*")]
    return {stat.S_IMODE(one.lstat().st_mode) & 0o077 for one in found if not one.is_symlink()}


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    umask = os.umask(0o022)
    try:
        with live_server(data) as server:
            server.create(server.preset())
            csv = b"a,b\n" + b"1,x\n2,y\n" * 20
            sent = server.request("POST", "/api/v1/uploads", csv, {"content-type": "text/csv"})
            assert sent.status == 202
            assert rights(data) == {0}
        # as an earlier version left it
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_text("not ours")
        elsewhere.chmod(0o644)
        (data / "datasets").mkdir(exist_ok=True)
        (data / "datasets" / "link").symlink_to(elsewhere)
        for one in [data, *data.rglob("*")]:
            if not one.is_symlink():
                one.chmod(0o755 if one.is_dir() else 0o644)
        assert rights(data) != {0}
        with live_server(data) as server:
            assert rights(data) == {0}
            assert len(json.loads(server.get("/api/v1/runs").body)["runs"]) == 1
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    finally:
        os.umask(umask)

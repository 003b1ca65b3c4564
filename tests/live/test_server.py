"""The server as a process: how it starts, where it cannot, and how it ends."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from app.api.access import prepare
from tests.support import ROOT, LiveServer, start_server


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected not to start."""
    return subprocess.run(
        [sys.executable, "-m", "app", "serve", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_where_it_is_in_one_line(server: LiveServer) -> None:
    assert server.lines == [f"Glassnet is at {server.url}/  (Ctrl+C stops it)\n"]


def test_a_taken_port_is_said_with_the_repair(server: LiveServer, tmp_path: Path) -> None:
    refused = serve("--port", str(server.port), "--data", str(tmp_path))
    assert refused.returncode == 1
    assert f"port {server.port} is taken" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_data_folder_in_use_is_said(server: LiveServer) -> None:
    refused = serve("--port", "0", "--data", str(server.data))
    assert refused.returncode != 0
    assert "already uses the data folder" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_setting_that_does_not_fit_is_said() -> None:
    refused = serve("--max-body", "1")
    assert refused.returncode == 2
    assert "“max_body” must be at least 1024" in refused.stderr


def test_60_megabytes_are_refused_and_not_kept(server: LiveServer) -> None:
    before = resident(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        head = "POST /api/v1/runs HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{rest}\r\n\r\n"
        rest = "content-type: application/json\r\ntransfer-encoding: chunked"
        raw.sendall(head.format(port=server.port, rest=rest).encode())
        answered = b""
        try:
            for _ in range(60):
                raw.sendall(b"100000\r\n" + b"1" * 0x100000 + b"\r\n")
        except OSError:
            pass
        while chunk := raw.recv(65536):
            answered += chunk
            if b'"code"' in answered:
                break
    assert answered.startswith(b"HTTP/1.1 413")
    announced = server.request("POST", "/api/v1/runs", b"x" * (60 * 2**20))
    assert announced.status == 413
    assert resident(server) - before < 32 * 2**20


def test_docs_and_their_document_come_from_here(server: LiveServer) -> None:
    assert server.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")


def test_beyond_loopback_a_token_is_made_and_needed(tmp_path: Path) -> None:
    server = start_server(tmp_path, "--host", "0.0.0.0")
    try:
        printed = "".join(server.lines)
        token = re.search(r"\?token=([\w-]+)", printed)
        assert token is not None
        assert server.get("/api/v1/presets").status == 401
        bearer = {"authorization": f"Bearer {token.group(1)}"}
        assert server.get("/api/v1/presets", **bearer).status == 200
        kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
        assert token.group(1).encode() not in kept
    finally:
        server.stop()
    access, new = prepare(tmp_path, server.port, given=None, needed=True)
    assert new is None, "a second start makes no other"
    assert access.knows(token.group(1))


def resident(server: LiveServer) -> int:
    """Bytes of memory that the server process holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) * 1024

"""A real server in a process of its own for the benchmarks, spoken to over real HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 60.0
IDLE = 3.0
"""Seconds after which the server may close a connection that is kept open."""
ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """One server process; ``call`` keeps one connection open, as a browser does."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data: Path) -> None:
        self.process, self.port, self.data = process, port, data
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._used = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/stream"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON (or the bytes) that a request under ``/api/v1`` is answered with."""
        headers = {"accept": "application/json", "content-type": "application/json"}
        sent = None if body is None else json.dumps(body)
        if time.monotonic() > self._used + IDLE:
            self.connection.close()
        self.connection.request(method, f"/api/v1{path}", sent, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        self._used = time.monotonic()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:500]!r}")
        is_json = "json" in (answer.getheader("content-type") or "")
        return json.loads(read) if is_json and read else read

    def send(self, path: str, content: bytes, kind: str) -> Any:
        """The JSON that an upload is answered with."""
        self.connection.close()
        self.connection.request("POST", f"/api/v1{path}", content, {"content-type": kind})
        return json.loads(self.connection.getresponse().read())

    def create(self, spec: dict[str, Any]) -> str:
        return str(self.call("POST", "/runs", spec)["id"])

    def command(self, run: str, kind: str, **fields: Any) -> None:
        self.call("POST", f"/runs/{run}/commands", {"type": kind, **fields})

    def warm(self) -> None:
        """Return when a run has made a step: from then on every process of the server is warm."""
        run = self.create(preset())
        self.command(run, "step", unit="batch", count=1)
        while self.call("GET", f"/runs/{run}")["step"] < 1:
            time.sleep(0.05)
        self.call("DELETE", f"/runs/{run}")

    def cpu_seconds(self) -> float:
        """What the web process itself has used so far."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def workers(self) -> list[int]:
        """Processes that the fork server has made, oldest first."""
        zygotes = children(self.process.pid)
        return sorted(pid for zygote in zygotes for pid in children(zygote))


def preset(name: str = "lenet5", epochs: int | None = None) -> dict[str, Any]:
    """The spec of a preset, on the CPU; perhaps with another end."""
    for file in (ROOT / "app/spec/presets").glob("*.json"):
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["id"] == name:
            spec: dict[str, Any] = {**found["spec"], "device": "cpu"}
            if epochs is not None:
                spec["training"]["phases"][0]["epochs"] = epochs
            return spec
    raise KeyError(name)


def chromium() -> str:
    """The program of the browser that the browser tests use, installed where it is missing."""
    ensure = ["bash", "scripts/ensure_browser.sh"]
    environment = {**os.environ, "PY": sys.executable}
    return subprocess.check_output(ensure, cwd=ROOT, env=environment, text=True).strip()


@contextmanager
def server() -> Iterator[Server]:
    """A warm server on a free port with an empty data folder; ended at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-") as folder:
        command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data", folder]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GLASSNET_")}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            started = Server(process, _port(process), Path(folder))
            started.warm()
            yield started
        finally:
            _end(process)


def _port(process: subprocess.Popen[bytes]) -> int:
    """The port that the server's first line names."""
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    if "://" not in line:
        raise RuntimeError(f"the server did not start: {line!r}")
    return int(line.partition("://")[2].partition("/")[0].rpartition(":")[2])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def children(pid: int) -> list[int]:
    """Process ids of the direct children."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text(encoding="ascii").split()]
    return found


def private_bytes(pid: int) -> int:
    """Memory that this process alone holds (USS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    lines = (line.split() for line in text.splitlines() if line.startswith("Private_"))
    return sum(int(fields[1]) for fields in lines if fields[0] != "Private_Hugetlb:") * 1024

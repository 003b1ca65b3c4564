"""What tests of several folders share: a page that counts as built, and a real server to talk to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
GLASSNET = (sys.executable, "-m", "app")
BASE_URL = "http://127.0.0.1:8000"
"""Where an application made from default settings believes to be."""

_MANIFEST = {
    "src/main.ts": {"file": "assets/main-1.js", "css": ["assets/main-1.css"], "imports": ["_x.js"]},
    "_x.js": {"file": "assets/x-1.js", "css": ["assets/x-1.css"]},
    "src/docs.ts": {"file": "assets/docs-1.js", "css": ["assets/docs-1.css"]},
    "src/pages.ts": {"file": "assets/pages-1.js", "css": ["assets/pages-1.css"]},
}


def built_page(folder: Path) -> Path:
    """A folder such as Vite leaves: a manifest and files that it names."""
    (folder / ".vite").mkdir(parents=True)
    (folder / ".vite/manifest.json").write_text(json.dumps(_MANIFEST))
    (folder / "assets").mkdir()
    for chunk in _MANIFEST.values():
        (folder / str(chunk["file"])).write_text("export {};\n" * 200)
        for style in chunk.get("css", []):
            (folder / style).write_text("body { color: black }\n" * 200)
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return folder


@dataclass
class Answer:
    """A response of the live server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class LiveServer:
    """A server process of ours. ``lines`` is what it printed, ``process`` is ours to end."""

    process: subprocess.Popen[str]
    port: int
    data: Path
    lines: list[str]
    listener: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/stream"

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; a dict or list is sent as JSON. Errors are answers too, but for the one that
        asks for patience while the first worker of a fresh server is not there yet."""
        sent = {"accept": "application/json", **(headers or {})}
        deadline = time.monotonic() + 60
        while True:
            answer = self.requested(method, path, body, sent)
            if answer.status != 409 or b'"not_yet"' not in answer.body:
                return answer
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def requested(self, method: str, path: str, body: Any, sent: dict[str, str]) -> Answer:
        """The first answer to one request, whatever it is."""
        data: bytes | None = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, body: Any) -> Answer:
        return self.request("POST", path, body)

    def create(self, spec: dict[str, Any]) -> dict[str, Any]:
        """A new run; fails the test unless it is accepted."""
        answer = self.post("/api/v1/runs", spec)
        assert answer.status == 202, answer.body
        return dict(answer.json())

    def command(self, run: str, kind: str, **fields: Any) -> dict[str, Any]:
        """A command to a run; fails the test unless it is followed, now or as soon as it has a worker."""
        answer = self.post(f"/api/v1/runs/{run}/commands", {"type": kind, **fields})
        assert answer.status == 200, answer.body
        deadline = time.monotonic() + 60
        while answer.json()["waiting"] and self.info(run)["state"] in ("queued", "starting"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return dict(answer.json())

    def info(self, run: str) -> dict[str, Any]:
        """A run as it is now."""
        return dict(self.get(f"/api/v1/runs/{run}").json())

    def preset(self, name: str = "lenet5") -> dict[str, Any]:
        """The spec of a preset."""
        listed = self.get("/api/v1/presets").json()["presets"]
        return dict(next(one["spec"] for one in listed if one["id"] == name))

    def wait(self, run: str, state: str, step: int | None = None) -> dict[str, Any]:
        """The run as it is once it is in ``state`` (and at ``step``)."""

        def look() -> dict[str, Any] | None:
            info = dict(self.get(f"/api/v1/runs/{run}").json())
            there = info["state"] == state and step in (None, info["step"])
            return info if there else None

        return until(look, f"{run}: {state} at step {step}", timeout=60.0)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process by a signal; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.listener.join(timeout=5)
        return code


@contextmanager
def live_server(
    data: Path, *arguments: str, ready: bool = True, **environment: str
) -> Iterator[LiveServer]:
    """``glassnet serve`` on a free port, ended at the end of the block."""
    server = start_server(
        data, *arguments, folder=ROOT, command=GLASSNET, ready=ready, **environment
    )
    try:
        yield server
    finally:
        server.stop()


def start_server(
    data: Path,
    *arguments: str,
    folder: Path = ROOT,
    command: Sequence[str] = GLASSNET,
    ready: bool = True,
    **environment: str,
) -> LiveServer:
    """A server process that is ready, unless ``ready`` is not asked for, started in ``folder``."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GLASSNET_")}
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--data", str(data), *arguments],
        cwd=folder,
        env={**inherited, "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    found: Queue[int] = Queue()
    listener = threading.Thread(target=_listen, args=(process, lines, found), daemon=True)
    listener.start()
    try:
        port = found.get(timeout=60)
    except Empty:
        process.kill()
        process.wait()
        raise AssertionError(f"the server did not start: {''.join(lines)}") from None
    server = LiveServer(process, port, data, lines, listener)
    if ready:
        _until_ready(server)
    return server


def _listen(process: subprocess.Popen[str], lines: list[str], found: Queue[int]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.append(line)
            address = re.search(r"http://[^/ ]+:(\d+)/", line)
            if address:
                found.put(int(address.group(1)))


def _until_ready(server: LiveServer) -> None:
    until(lambda: server.get("/readyz").status == 200, "a server that is ready")

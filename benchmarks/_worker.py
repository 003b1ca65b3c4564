"""A fork server and its workers, driven over their real sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.protocol.wire import encode, recv_message

PRESET = Path("app/spec/presets/10_lenet5.json")
WATCHED = {"key": "maps", "tap": {"roles": ["activation"], "rate": 20.0}}


class Server:
    """``python -m app.worker.zygote`` and its control socket."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        quiet = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.worker.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, **quiet},
        )
        theirs.close()
        self.control.recv(1024)
        self._count = 0

    def fork(self) -> Worker:
        """A new worker, not started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._count += 1
        request = json.dumps({"fork": self._count}).encode()
        socket.send_fds(self.control, [request], [theirs.fileno()])
        theirs.close()
        answer = json.loads(self.control.recv(1024))
        while "forked" not in answer:
            answer = json.loads(self.control.recv(1024))
        return Worker(ours, int(answer["pid"]))

    def close(self) -> None:
        self.control.close()
        self.process.wait(10)


class Worker:
    """One worker; counts the frames it sends."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.sock, self.pid = sock, pid
        self.frames = 0
        self.folder = tempfile.TemporaryDirectory(prefix="glassnet-bench-")

    def start(self, **changes: Any) -> None:
        spec = {**json.loads(PRESET.read_text(encoding="utf-8"))["spec"], "device": "cpu"}
        spec["training"]["phases"][0]["epochs"] = 10_000
        message = {"type": "start", "run": "bench", "spec": spec, "folder": self.folder.name}
        self.send({**message, "data_root": "", "device": "cpu", **changes})

    def send(self, header: dict[str, Any]) -> None:
        self.sock.sendall(encode(header))

    def command(self, number: int = 0, **command: Any) -> None:
        self.send({"type": "command", "id": number, "command": command})

    def pin(self, core: int) -> None:
        """Let every thread of it run on one core."""
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), {core})

    def until(self, kind: str, **facts: Any) -> dict[str, Any]:
        """The next event of that kind and with those facts."""
        while True:
            header, _ = recv_message(self.sock)
            if header["type"] == "frame":
                self.frames += 1
            event = header.get("event", {})
            if event.get("type") == kind and facts.items() <= event.items():
                return dict(event)
            if header["type"] in ("crashed", "failed"):
                raise RuntimeError(header)

    def reply(self, number: int) -> dict[str, Any]:
        """Wait for the answer to the question or command with that number; its header."""
        while True:
            header, _ = recv_message(self.sock)
            if header.get("id") == number and header["type"] != "frame":
                if header["type"] == "failed":
                    raise RuntimeError(header)
                return dict(header)

    def train(self, epochs: int) -> float:
        """Seconds from the command to the validation after the last of ``epochs`` epochs.

        The snapshot that a pause waits for comes after that and is no part of training.
        """
        began = time.perf_counter()
        self.command(type="step", unit="epoch", count=epochs)
        for _ in range(epochs):
            self.until("validation")
        seconds = time.perf_counter() - began
        self.until("state", state="paused")
        return seconds

    def private_bytes(self) -> int:
        """Memory that this process alone holds."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
        lines = (line.split() for line in text.splitlines() if line.startswith("Private_"))
        return sum(int(fields[1]) for fields in lines) * 1024

    def close(self) -> None:
        self.sock.close()
        self.folder.cleanup()

"""A real fork server and real workers, spoken to over their sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.protocol.wire import Message, encode, recv_message
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
QUIET = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "flatten"},
    {"type": "dropout", "rate": 0.2},
    {"type": "dense", "units": 10},
]


def spec(**phase: Any) -> dict[str, Any]:
    """A small run on the 8×8 digits."""
    rule = {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9}
    phases = [{"optimizer": rule, "batch_size": 64, "epochs": 50, **phase}]
    training = {"dataset": {"type": "digits8"}, "phases": phases}
    return {"model": LAYERS, "training": training, "seed": 3, "device": "cpu"}


class Worker:
    """The web process's end of a worker's socket."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        self.sock, self.pid = sock, pid
        self.events: list[dict[str, Any]] = []
        self.frames: list[Message] = []
        self._number = 0
        sock.settimeout(PATIENCE)

    def start(self, folder: Path, **changes: Any) -> Self:
        message = {"type": "start", "run": "r", "spec": spec(), "folder": str(folder)}
        self.send({**message, "data_root": str(folder), "device": "cpu", **changes})
        return self

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        self.sock.sendall(encode(header, payload))

    def receive(self) -> Message:
        """The next message; events and frames are kept as well."""
        header, payload = recv_message(self.sock)
        if header["type"] == "event":
            self.events.append(header["event"])
        elif header["type"] == "frame":
            self.frames.append((header, payload))
        return header, payload

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> Message:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            message = self.receive()
            if wanted(message[0]):
                return message
        raise AssertionError("no such message came")

    def kind(self, kind: str) -> Message:
        return self.wait_for(lambda header: header["type"] == kind)

    def event(self, kind: str, **facts: Any) -> dict[str, Any]:
        """The next event of that type and with those facts."""

        def wanted(header: dict[str, Any]) -> bool:
            found = header.get("event", {})
            return bool(found.get("type") == kind and facts.items() <= found.items())

        return dict(self.wait_for(wanted)[0]["event"])

    def ask(self, kind: str, **fields: Any) -> Message:
        """A request and its answer."""
        self._number += 1
        number = self._number
        self.send({"type": kind, "id": number, **fields})
        return self.wait_for(lambda header: header.get("id") == number)

    def question(self, name: str, *, file: bool = False, **wanted: Any) -> Message:
        """What a feature asks, and its answer."""
        self._number += 1
        number = self._number
        header = {"type": "ask", "question": name, "file": file, "id": number}
        self.send(header, json.dumps(wanted).encode())
        return self.wait_for(lambda header: header.get("id") == number)

    def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self.ask("command", command={"type": kind, **fields})[0]

    def to(self, step: int) -> str:
        """Train up to a step; the digest of the weights there."""
        self.command("play", until=step)
        if not self.resting(step):
            self.event("state", state="paused", step=step)
        taken = [e for e in self.events if e["type"] == "snapshot" and e["step"] == step]
        return str(taken[-1]["sha256"])

    def resting(self, step: int) -> bool:
        """Whether the pause there has been reported already."""
        last = [e for e in self.events if e["type"] == "state"][-1]
        return bool(last["state"] == "paused" and last["step"] == step)

    def to_the_end(self) -> None:
        """Read until the worker has closed its end."""
        try:
            while True:
                self.receive()
        except (EOFError, ConnectionError):
            return

    def close(self) -> None:
        self.sock.close()


class Server:
    """``python -m app.worker.zygote``."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.worker.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            env={**os.environ, **QUIET, "GLASSNET_TOKEN": "secret"},
        )
        theirs.close()
        self.control.settimeout(PATIENCE)
        self.messages: list[dict[str, Any]] = []
        self.next("ready")
        self._number = 0
        self.workers: list[Worker] = []

    def next(self, key: str) -> dict[str, Any]:
        """The next message that has ``key``; others are kept."""
        while True:
            for message in self.messages:
                if key in message:
                    self.messages.remove(message)
                    return message
            blob = self.control.recv(65536)
            assert blob, "the fork server ended"
            self.messages.append(json.loads(blob))

    def fork(self) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._number += 1
        request = json.dumps({"fork": self._number}).encode()
        socket.send_fds(self.control, [request], [theirs.fileno()])
        theirs.close()
        answer = self.next("forked")
        assert answer["forked"] == self._number
        self.workers.append(Worker(ours, answer["pid"]))
        return self.workers[-1]

    def exited(self, worker: Worker) -> int:
        """How a worker ended, as the fork server reports it."""
        while True:
            found = self.next("exited")
            if found["pid"] == worker.pid:
                return int(found["status"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self.workers:
            worker.close()
        self.control.close()
        self.process.wait(10)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    try:
        return until(lambda: not alive(pid), "its end", seconds)
    except AssertionError:
        return False

"""A worker without torch for failures that a real one cannot be made to have. Speaks the wire.

``fake_worker.py <behaviour> <fd>``: ``good`` counts steps; ``mute`` starts and never says a word;
``garbage`` answers the first command with bytes that are no message; ``crash`` reports an error of
its own then; ``refuse`` refuses every command; ``exit`` ends with code 3; ``deaf`` ignores stop;
``broken`` crashes before it is ready, ``missing`` because its data are not there; ``unsound`` finds
that an explanation does not sum. ``mortal`` begins to
train when told to play, and is killed; ``unlucky`` makes a step before. ``held`` sleeps at the first
command and holds Python's lock, so that no thread of it can speak; ``busy`` computes as long meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

from app.protocol.wire import encode, recv_message

TEXT = {"en": "It broke.", "zh": "坏了。"}


class Worker:
    def __init__(self, behaviour: str, sock: socket.socket) -> None:
        self.behaviour = behaviour
        self.sock = sock
        self.step = self.branch = 0
        self.sending = threading.Lock()

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        with self.sending:
            self.sock.sendall(encode(header, payload))

    def event(self, kind: str, **fields: Any) -> None:
        place = {"branch": self.branch, "step": self.step}
        self.send({"type": "event", "event": {"type": kind, **place, **fields}})

    def metrics(self) -> None:
        step = [self.step]
        numbers = {"steps": step, "count": [1], "loss": [1.0]}
        self.event("metrics", **numbers, epoch=0.1, samples_per_second=1.0)

    def crash(self, code: str) -> None:
        self.send({"type": "crashed", "error": {"code": code, "message": TEXT, "detail": "…"}})
        os._exit(1)

    def beat(self) -> None:
        """Heartbeats from a thread, as real workers have them."""
        while True:
            time.sleep(0.2)
            with contextlib.suppress(OSError):
                self.send({"type": "heartbeat", "step": self.step})

    def serve(self) -> None:
        if self.behaviour != "mute":
            threading.Thread(target=self.beat, daemon=True).start()
        start, _ = recv_message(self.sock)
        self.step, self.branch = start["replay_to"] or 0, start["branch"]
        if self.behaviour == "broken":
            self.crash("internal")
        if self.behaviour == "missing":
            self.crash("data_missing")
        if self.behaviour == "mute":
            threading.Event().wait()
        self.send({"type": "ready", "device": "cpu", "step": self.step, "branch": self.branch})
        for command in start["kept"]:
            self.command({"id": None, "command": command})
        self.event("state", state="paused")
        while True:
            message, _ = recv_message(self.sock)
            self.handle(message)

    def handle(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "stop" and self.behaviour != "deaf":
            os._exit(0)
        if kind == "taps":
            for tap in message["taps"]:
                self.send({"type": "frame", "key": tap["key"], "step": self.step}, frame())
        if message.get("question") == "explain":
            self.explain(message)
        if kind == "command":
            self.command(message)

    def explain(self, message: dict[str, Any]) -> None:
        names = ("cell", "value", "total", "off", "bar")
        error = {"code": "does_not_sum", "message": TEXT, "params": {n: f"<{n}>" for n in names}}
        told = {**error, "detail": "Traceback: where it was"}
        self.send({"type": "failed", "id": message["id"], "error": told})

    def command(self, message: dict[str, Any]) -> None:
        if self.behaviour == "garbage":
            with self.sending:
                self.sock.sendall(b"\x05\x00\x00\x00\x00\x00\x00\x00hello")
        elif self.behaviour == "crash":
            self.crash("out_of_memory")
        elif self.behaviour == "exit":
            os._exit(3)
        elif self.behaviour in ("mortal", "unlucky") and message["command"]["type"] == "play":
            self.event("command", command=message["command"])
            self.event("state", state="running")
            if self.behaviour == "unlucky":
                self.step += 1
                self.metrics()
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.behaviour == "held":
            ctypes.PyDLL(None).sleep(60)
        elif self.behaviour == "busy":
            sum(range(100_000_000))
            self.send({"type": "done", "id": message["id"], "step": 0, "branch": 0})
        elif self.behaviour == "refuse":
            error = {
                "code": "conflict",
                "message": {"en": "That cannot be done now: no.", "zh": "现在无法执行：否。"},
                "params": {"reason": {"en": "no.", "zh": "否。"}},
            }
            self.send({"type": "failed", "id": message["id"], "error": error})
        else:
            self.step += message["command"].get("count", 0)
            self.event("command", command=message["command"])
            place = {"step": self.step, "branch": self.branch}
            self.send({"type": "done", "id": message["id"], **place})


def frame() -> bytes:
    header = {"x": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"\x07"


if __name__ == "__main__":
    Worker(sys.argv[1], socket.socket(fileno=int(sys.argv[2]))).serve()

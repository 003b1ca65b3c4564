"""How soon a new run makes its first training step, over HTTP, and what its worker holds for itself.

The clock starts before POST /runs and ends when the loss of step 1 has arrived at a WebSocket.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks._report import at_most, percentile, plain, show
from benchmarks._serve import PATIENCE, Server, preset, private_bytes, server

STARTS = 15
TRAINING = 6.0
"""Seconds of watched training before memory is looked at."""
STATE_BYTES = 61_706 * 4 * 3
"""LeNet-5's weights, gradients and momentum."""
WATCH = [{"roles": ["activation"], "rate": 20.0}]


@dataclass(frozen=True)
class Start:
    """Seconds from the first request to …"""

    created: float
    commanded: float
    stepped: float


def start(to: Server, socket: ClientConnection, kind: str, **fields: Any) -> Start:
    """A new run that is told to train at once; deleted afterwards."""
    began = time.perf_counter()
    run = to.create(preset())
    created = time.perf_counter()
    socket.send(json.dumps({"type": "subscribe", "run": run, "after": 0}))
    to.command(run, kind, **fields)
    commanded = time.perf_counter()
    until_metrics(socket, run)
    stepped = time.perf_counter()
    to.call("DELETE", f"/runs/{run}")
    return Start(created - began, commanded - began, stepped - began)


def until_metrics(socket: ClientConnection, run: str) -> None:
    """Take messages until the run has reported a step."""
    while True:
        message = socket.recv(timeout=PATIENCE)
        if isinstance(message, bytes):
            continue
        read = json.loads(message)
        if read.get("run") != run:
            continue
        if any(stored["event"]["type"] == "metrics" for stored in read.get("events", ())):
            return


def watched_memory(to: Server, socket: ClientConnection) -> tuple[int, int]:
    """Private bytes of a worker: before its first step, and while all feature maps are watched."""
    run = to.create(preset(epochs=1000))
    to.command(run, "set_speed", steps_per_second=None)
    (worker,) = to.workers()
    fresh = private_bytes(worker)
    socket.send(json.dumps({"type": "subscribe", "run": run, "after": 0}))
    socket.send(json.dumps({"type": "watch", "run": run, "taps": WATCH}))
    to.command(run, "play")
    end, frames = time.monotonic() + TRAINING, 0
    while time.monotonic() < end:
        if isinstance(socket.recv(timeout=PATIENCE), bytes):
            frames += 1
            socket.send(json.dumps({"type": "ack", "frame": frames}))
    trained = private_bytes(worker)
    to.call("DELETE", f"/runs/{run}")
    return fresh, trained


def main() -> None:
    """Run it."""
    with server() as to, connect(to.stream, max_size=None, compression=None) as socket:
        stepped = [start(to, socket, "step", unit="batch", count=1) for _ in range(STARTS)]
        played = [start(to, socket, "play") for _ in range(STARTS)]
        fresh, trained = watched_memory(to, socket)
    times = [1000 * one.stepped for one in stepped]
    rows = [
        at_most("new run → first training step, median", median(times), 200, "ms"),
        plain("… fastest of all", min(times), "ms"),
        plain("… 90 %", percentile(times, 0.9), "ms"),
        plain("… of it until the run is stored", median(1000 * s.created for s in stepped), "ms"),
        plain("… until the step is accepted", median(1000 * s.commanded for s in stepped), "ms"),
        plain("new run, play → first metrics", median(1000 * s.stepped for s in played), "ms"),
        at_most("private memory beyond the model", (trained - STATE_BYTES) / 2**20, 25, "MiB", 1),
        plain("… before the first step", (fresh - STATE_BYTES) / 2**20, "MiB", 1),
    ]
    show(f"a run's start, {STARTS} of each", rows)


if __name__ == "__main__":
    main()

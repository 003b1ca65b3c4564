"""Records the first picture of the page: trains a preset over the real interface and keeps one tensor frame
and its curves in ``static/public/recorded``. Run it when a preset, the engine or the frame format changes."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from app.protocol.frames import metadata, with_metadata

FOLDER = Path(__file__).resolve().parent.parent / "static" / "public" / "recorded"
SAMPLE = {"kind": "stored", "split": "val", "index": 0}


def call(base: str, method: str, path: str, body: object = None) -> Any:
    """One request of the interface, JSON in and out."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}/api/v1{path}", data, method=method)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


@contextmanager
def server() -> Iterator[str]:
    """A server of our own with an empty folder of data; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env={**os.environ, "GLASSNET_DATA": folder})
        try:
            base = f"http://127.0.0.1:{port}"
            wait(base)
            yield base
        finally:
            process.terminate()
            process.wait(30)


def wait(base: str) -> None:
    """Until the server is ready."""
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{base}/readyz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
        else:
            return
    raise SystemExit("the server does not start")


def frame_at(base: str, run: str, step: int) -> bytes:
    """Activations and weights of the run at this step, as a viewer gets them."""
    with connect(base.replace("http", "ws") + "/api/v1/stream", max_size=None) as stream:
        tap = {"roles": ["activation", "kernel"], "sample": SAMPLE}
        stream.send(json.dumps({"type": "subscribe", "run": run}))
        stream.send(json.dumps({"type": "watch", "run": run, "taps": [tap]}))
        while True:
            message = stream.recv(timeout=60)
            if isinstance(message, bytes):
                found = metadata(message)
                stream.send(json.dumps({"type": "ack", "frame": int(found["frame"])}))
                if int(found["step"]) == step:
                    return message


def record(preset: str, epochs: int) -> None:
    with server() as base:
        presets = call(base, "GET", "/presets")["presets"]
        spec = next(one["spec"] for one in presets if one["id"] == preset)
        run = call(base, "POST", "/runs", spec)["id"]
        call(
            base,
            "POST",
            f"/runs/{run}/commands",
            {"type": "step", "unit": "epoch", "count": epochs},
        )
        while (info := call(base, "GET", f"/runs/{run}"))["epoch"] < epochs or info[
            "state"
        ] != "paused":
            time.sleep(0.25)
        frame = frame_at(base, run, info["step"])
        curves = call(base, "GET", f"/runs/{run}/metrics")
    FOLDER.mkdir(parents=True, exist_ok=True)
    marked = with_metadata(frame, {"recorded": "true"})
    (FOLDER / f"{preset}.safetensors").write_bytes(marked)
    curves["loss"] = [round(value, 5) for value in curves["loss"]]
    text = json.dumps({**curves, "epoch": info["epoch"]}, separators=(",", ":"))
    (FOLDER / f"{preset}.json").write_text(text + "\n", encoding="utf-8")
    print(f"{preset}: step {info['step']}, {len(marked)} + {len(text)} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="lenet5")
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    record(given.preset, given.epochs)

"""A worker over a real socket: commands, requests, frames, failures."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from app.engine.snapshots import file_name
from app.protocol.events import EVENT
from app.protocol.frames import metadata
from tests.worker.workers import QUIET, ROOT, Server, Worker, spec

MAPS = {"key": "maps", "tap": {"roles": ["activation"], "rate": 60.0}}


def kinds(worker: Worker) -> list[str]:
    return [event["type"] for event in worker.events]


def test_new_run(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    ready, _ = worker.kind("ready")
    assert ready == {"type": "ready", "device": "cpu", "step": 0, "branch": 0}
    worker.event("state", state="paused")
    if "snapshot" not in kinds(worker):
        worker.event("snapshot", step=0)
    assert {"validation", "snapshot", "state"} == set(kinds(worker))
    for event in worker.events:
        EVENT.validate_json(json.dumps(event))


def test_play_pause_step(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    assert worker.command("play")["type"] == "done"
    worker.event("metrics")
    done = worker.command("pause")
    assert worker.resting(done["step"])
    for count in (1, 3):
        done = worker.command("step", count=count)
        before = done["step"]
        worker.event("state", state="paused", step=before + count)
    snapshots = [e["step"] for e in worker.events if e["type"] == "snapshot"]
    assert snapshots[-1] == before + 3
    steps = [s for e in worker.events if e["type"] == "metrics" for s in e["steps"]]
    assert steps == sorted(set(steps))


def test_a_change_by_hand_is_answered_before_it_is_validated(
    worker: Worker, tmp_path: Path
) -> None:
    """Whoever looks on at once does not wait for a pass over the whole validation set."""
    worker.start(tmp_path)
    worker.event("state", state="paused")
    silence = {"type": "silence", "node": "conv1", "unit": 0}
    worker.send({"type": "command", "id": 101, "command": silence})
    worker.send({"type": "ask", "question": "operations", "file": False, "id": 102}, b"{}")
    assert worker.wait_for(lambda header: header.get("id") == 101)[0]["type"] == "done"
    worker.wait_for(lambda header: header.get("id") == 102)
    assert kinds(worker).count("command") == kinds(worker).count("validation") == 1
    plain = next(event["loss"] for event in worker.events if event["type"] == "validation")
    assert worker.event("validation", step=0)["loss"] != plain


def test_first_metrics_come_at_once(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path, spec=spec(batch_size=1))
    worker.event("state", state="paused")
    worker.command("play")
    began = time.monotonic()
    event = worker.event("metrics")
    assert event["steps"][0] == event["count"][0]
    assert time.monotonic() - began < 2.0
    assert event["steps"] == list(range(1, len(event["steps"]) + 1))
    assert len(event["steps"]) <= 512


def test_done_comes_after_its_events(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    worker.event("state", state="paused")
    count = len(worker.events)
    worker.command("set_optimizer", values={"learning_rate": 0.01})
    new = [e for e in worker.events[count:] if e["type"] == "command"]
    assert new[0]["command"] == {"type": "set_optimizer", "values": {"learning_rate": 0.01}}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({"type": "rewind", "step": 5}, "not_earlier"),
        ({"type": "set_optimizer", "values": {"nothing": 1.0}}, "not_live"),
        ({"type": "set_batch_size", "batch_size": 0}, "invalid"),
    ],
)
def test_refusals_are_problems(
    worker: Worker, tmp_path: Path, command: dict[str, Any], code: str
) -> None:
    worker.start(tmp_path)
    answer, _ = worker.ask("command", command=command)
    assert answer["type"] == "failed"
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]["zh"]
    assert worker.command("step")["type"] == "done"


def test_rewind_and_play_again(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    first = worker.to(9)
    last = worker.to(30)
    assert worker.command("rewind", step=9)["branch"] == 1
    assert [e["sha256"] for e in worker.events if e["type"] == "snapshot"][-1] == first
    assert worker.to(30) == last
    assert (tmp_path / file_name(1, 30)).exists()


def test_requests_are_answered_while_training(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    worker.command("play")
    sample = {"kind": "stored", "split": "val", "index": 2}
    assert len(json.loads(worker.question("predict", sample=sample)[1])["outputs"]) == 10
    worker.command("pause")
    prediction = json.loads(worker.question("predict", sample=sample)[1])
    tensors = load(worker.question("predict", file=True, sample=sample)[1])
    worker.command("play")
    assert len(prediction["outputs"]) == 10
    assert prediction["readout"] == "softmax"
    np.testing.assert_allclose(tensors["fc1.activation"], prediction["outputs"], rtol=1e-5)
    assert {t.dtype for t in tensors.values()} == {np.dtype(np.float32)}
    answer, blob = worker.question("get_tensors", file=True)
    assert set(load(blob)) == {"conv1.weight", "conv1.bias", "fc1.weight", "fc1.bias"}
    assert metadata(blob)["step"] == str(answer["step"])
    answer, _ = worker.question("predict", sample={"kind": "given", "values": [1.0]})
    assert answer["error"]["code"] == "sample_misfit"


def test_frames_while_still_and_while_training(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    worker.event("state", state="paused")
    worker.send({"type": "taps", "taps": [MAPS]})
    header, frame = worker.kind("frame")
    assert (header["key"], header["step"]) == ("maps", 0)
    assert load(frame)["conv1.activation"].shape == (4, 8, 8)
    assert metadata(frame)["run"] == "r"
    worker.command("step", count=3)
    worker.wait_for(lambda h: h["type"] == "frame" and h["step"] == 3)
    worker.command("play")
    began = time.monotonic()
    for _ in range(12):
        worker.kind("frame")
    assert time.monotonic() - began > 10 / 60
    paused = worker.command("pause")
    if worker.frames[-1][0]["step"] != paused["step"]:
        worker.wait_for(lambda h: h["type"] == "frame" and h["step"] == paused["step"])
    numbers = [header["frame"] for header, _ in worker.frames]
    assert numbers == sorted(set(numbers))
    count = len(worker.frames)
    worker.command("rewind", step=0)
    if len(worker.frames) == count:
        worker.kind("frame")
    assert worker.frames[-1][0]["step"] == 0
    worker.send({"type": "taps", "taps": []})
    worker.command("step")
    worker.event("state", state="paused", step=1)
    assert worker.frames[-1][0]["step"] == 0


def test_a_still_worker_costs_nothing(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path)
    worker.event("state", state="paused")
    worker.send({"type": "taps", "taps": [MAPS]})
    worker.kind("frame")
    worker.question("operations")
    before = processor_seconds(worker.pid)
    assert worker.kind("heartbeat")[0]["rss"] > 2**20
    assert processor_seconds(worker.pid) - before <= 0.1


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_speed_limit(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path, speed=10.0)
    worker.event("state", state="paused")
    worker.command("step", count=6)
    began = time.monotonic()
    worker.event("state", state="paused", step=6)
    assert 0.4 < time.monotonic() - began < 3.0
    worker.command("set_speed", steps_per_second=0.1)
    worker.command("play")
    began = time.monotonic()
    assert worker.command("pause")["type"] == "done"
    assert time.monotonic() - began < 2.0


def test_stop_keeps_what_was_done(zygote: Server, tmp_path: Path) -> None:
    worker = zygote.fork().start(tmp_path)
    worker.command("play")
    worker.event("metrics")
    worker.send({"type": "stop"})
    worker.to_the_end()
    assert zygote.exited(worker) == 0
    last = [e for e in worker.events if e["type"] == "state"][-1]
    assert last["state"] == "paused"
    name = file_name(0, last["step"])
    assert (tmp_path / name).exists()
    resumed = zygote.fork().start(tmp_path, snapshot=name, replay_to=last["step"])
    assert resumed.kind("ready")[0]["step"] == last["step"]
    assert resumed.to(last["step"] + 5)


def test_broken_runs_crash_with_a_reason(zygote: Server, tmp_path: Path) -> None:
    wrong = spec()
    wrong["model"] = [{"type": "flatten"}, {"type": "dense", "units": 3}]
    large = spec(batch_size=1000)
    large["model"] = [{"type": "conv2d", "filters": 256}, *wrong["model"]]
    large["model"][-1] = {"type": "dense", "units": 10}
    for changes, code in (
        ({"spec": wrong}, "spec_broken"),
        ({"device": "cuda"}, "device_missing"),
        ({"spec": large, "memory": 40 * 2**20}, "out_of_memory"),
    ):
        worker = zygote.fork().start(tmp_path, **changes)
        if code == "out_of_memory":
            worker.send({"type": "command", "id": 1, "command": {"type": "play"}})
        error = worker.kind("crashed")[0]["error"]
        assert error["code"] == code
        assert error["message"]["en"]
        assert error["message"]["zh"]
        assert zygote.exited(worker) == 1


def test_spawned_worker_serves_a_run_too(tmp_path: Path) -> None:
    """As GPU workers start, but on the CPU: without the fork server."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.worker", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        env={**os.environ, **QUIET},
    )
    theirs.close()
    worker = Worker(ours, process.pid).start(tmp_path)
    assert worker.to(3)
    worker.close()
    assert process.wait(10) == 0


def test_devices_of_this_machine() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "app.worker.devices"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **QUIET},
        timeout=60,
    )
    found = json.loads(finished.stdout)
    assert found["default"] == "cpu"
    assert [device["id"] for device in found["devices"]] == ["cpu"]
    assert found["devices"][0]["memory"] > 2**20

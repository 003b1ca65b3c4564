"""A run on a CUDA device: trains, is watched, goes back, resumes. Run by ``make test-gpu``."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.snapshots import file_name
from app.engine.trainer import Trainer
from app.protocol.taps import StoredSample, Tap
from tests.engine.specs import ADAM, CPU, SGD, Driven, run_spec
from tests.worker.workers import PATIENCE, ROOT, Worker, spec

pytestmark = pytest.mark.gpu
CUDA = torch.device("cuda")
MOMENT = Moment("r", 0)


def driven(folder: Path | None = None, **changes: Any) -> Driven:
    start = changes.pop("start", {})
    return Driven(run_spec(device="cuda", **changes), folder, CUDA, **start)


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
def test_trains_and_repeats_bit_for_bit(optimizer: dict[str, Any], tmp_path: Path) -> None:
    first = driven(tmp_path, optimizer=optimizer, epochs=4).do("play")
    assert first.of("validation")[-1].accuracy > 0.8
    assert first.of("state")[-1].device == "cuda"
    second = driven(optimizer=optimizer, epochs=4)
    second.to(17).do("set_speed", steps_per_second=1000.0).do("play")
    assert second.digest == first.digest


def test_goes_back_and_resumes(tmp_path: Path) -> None:
    run = driven(tmp_path, epochs=9)
    want = run.to(10).to(40).digest
    assert run.do("rewind", step=10).to(40).digest == want
    resumed = driven(tmp_path, epochs=9, start={"snapshot": file_name(0, 10), "replay_to": 25})
    assert resumed.to(40).digest == want


def test_starts_from_the_same_weights_as_on_the_cpu() -> None:
    on_cpu, on_cuda = Driven(run_spec(), device=CPU), driven()
    assert on_cpu.digest == on_cuda.digest
    on_cpu.do("step")
    on_cuda.do("step")
    losses = [run.of("metrics")[0].loss[0] for run in (on_cpu, on_cuda)]
    assert losses[0] == pytest.approx(losses[1], rel=0.2)  # dropout draws differ between devices


def test_frames_and_predictions() -> None:
    trainer: Trainer = driven().to(5).session.trainer
    prober = Prober(trainer)
    tensors = load(prober.frame(Tap(roles=("activation", "kernel")), MOMENT))
    assert tensors["conv1.activation"].dtype == np.uint8
    prediction, frame = predict(trainer, prober, StoredSample(index=1), MOMENT)
    np.testing.assert_allclose(load(frame)["fc1.activation"], prediction["outputs"], rtol=1e-5)


def test_divergence_is_noticed() -> None:
    rule = {"type": "sgd", "learning_rate": 100.0}
    layers: list[dict[str, Any]] = [{"type": "flatten"}, *[{"type": "dense", "units": 10}] * 4]
    run = driven(layers=layers, optimizer=rule, loss={"type": "squared_error"}, epochs=50)
    run.do("play")
    assert [note.code for note in run.of("note")] == ["diverged"]
    assert run.session.state == "paused"


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker spawned ahead of its run, as the server keeps one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.worker", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    theirs.close()
    yield Worker(ours, process.pid)
    ours.close()
    assert process.wait(PATIENCE) == 0


def test_spawned_worker(worker: Worker, tmp_path: Path) -> None:
    worker.start(tmp_path, spec={**spec(), "device": "cuda"}, device="cuda")
    assert worker.kind("ready")[0]["device"] == "cuda"
    worker.send({"type": "taps", "taps": [{"key": "k", "tap": {"roles": ["activation"]}}]})
    first = worker.to(10)
    assert load(worker.kind("frame")[1])["conv1.activation"].shape == (4, 8, 8)
    worker.to(30)
    worker.command("rewind", step=10)
    assert [e["sha256"] for e in worker.events if e["type"] == "snapshot"][-1] == first


def test_device_list_names_it() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "app.worker.devices"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    found = json.loads(finished.stdout)
    assert [device["id"] for device in found["devices"]] == ["cpu", "cuda"]
    assert found["default"] == "cuda"

"""The microscope: one number explained, an earlier step, what a closed one costs, a large network.

Server side, in this process and on one thread, unless a line says HTTP.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import tempfile
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import torch
from PIL import Image

from app.engine.device import configure
from app.engine.session import Session
from app.engine.start import parse_start
from app.engine.tracing.history import History
from app.engine.tracing.tracer import Tracer
from app.protocol.commands import COMMAND
from app.protocol.tracing import Cell, CellRole, ExplainWanted, Traced, TraceWanted
from app.worker.warm import open_microscope
from benchmarks._report import at_least, at_most, plain, show
from benchmarks._serve import Server, preset, server
from benchmarks._worker import Server as Workers
from benchmarks._worker import Worker

CELLS = 12
"""Cells of every role and tensor."""
EARLIER = 10
PAIRS = 12
TOGETHER = 8.0
CHANGE = 0.25
"""Seconds that two workers train side by side, and between two changes of cores."""
LARGE: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 32, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "conv2d", "filters": 64, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "conv2d", "filters": 64, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "conv2d", "filters": 64, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "flatten"},
    {"type": "dense", "units": 212},
    {"type": "relu"},
    {"type": "dense", "units": 10},
]
"""About 1 M parameters on 64×64×3 pictures."""


def opened(spec: dict[str, Any], folder: str, steps: int, root: str = ".") -> Session:
    """A session in this process, after ``steps`` steps."""
    configure()
    message = {"spec": spec, "data_root": root, "folder": folder}
    session = Session(parse_start(message), torch.device("cpu"), deque[Any]().append)
    session.open()
    if steps:
        step = {"type": "step", "unit": "batch", "count": steps}
        session.command(COMMAND.validate_json(json.dumps(step)))
        while session.running:
            session.turn()
    return session


def timed(action: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    action()
    return 1000.0 * (time.perf_counter() - began)


def cells(session: Session) -> Iterator[tuple[str, Cell]]:
    """Cells of every role, drawn from every layer and tensor."""
    draw = random.Random(1)
    network = session.trainer.network
    batch = session.trainer.settings.batch_size
    for node in network.order:
        roles: tuple[CellRole, ...] = ("activation", "sensitivity")
        for role in roles:
            for _ in range(CELLS):
                index = tuple(draw.randrange(size) for size in network.shapes[node])
                sample = draw.randrange(batch)
                yield role, Cell(role=role, node=node, sample=sample, index=index)
    for name, parameter in network.named_parameters():
        node, _, tensor = name.partition(".")
        of_tensors: tuple[CellRole, ...] = ("gradient", "update", "parameter")
        for role in of_tensors:
            for _ in range(CELLS):
                index = tuple(draw.randrange(size) for size in parameter.shape)
                yield role, Cell(role=role, node=node, tensor=tensor, index=index)
    yield "loss", Cell(role="loss")


def _answered(tracer: Tracer, asked: ExplainWanted) -> str:
    return tracer.explain(asked).model_dump_json()


def explanations(session: Session) -> None:
    tracer = Tracer(session)
    open_microscope(session)
    first = timed(lambda: tracer.operations(Traced()))
    again = timed(lambda: tracer.operations(Traced()))
    wanted = TraceWanted(precision="float32")
    traced = timed(lambda: Tracer(session).file(wanted, "bench"))
    tracer.operations(Traced())
    found: dict[str, list[float]] = {}
    before = Cell(role="parameter", node="conv1", tensor="bias", index=(0,))
    made = timed(lambda: tracer.explain(ExplainWanted(cell=before)))
    for role, cell in sorted(cells(session), key=lambda pair: pair[0] == "parameter"):
        asked = ExplainWanted(cell=cell)
        took = timed(partial(_answered, tracer, asked))
        found.setdefault(role, []).append(took)
    rows = [
        at_most("operations of a step, the first question", first, 100, "ms"),
        plain("… asked again", again, "ms", 1),
        at_most("trace of the coming step, all tensors", traced, 100, "ms"),
    ]
    rows.append(at_most("a weight that the step before made, first", made / 1000.0, 2, "s", 2))
    for role, times in found.items():
        rows.append(at_most(f"{role}, worst of {len(times)}", max(times), 50, "ms", 1))
        rows.append(plain("… median", median(times), "ms", 1))
    show("LeNet-5, batch 64: one number explained", rows)


def earlier(session: Session) -> None:
    draw = random.Random(2)
    here = session.trainer.cursor.step
    steps = [draw.randrange(here) for _ in range(EARLIER)]
    wanted = [TraceWanted(step=step, precision="float32") for step in steps]
    times = [timed(partial(Tracer(session).file, w, "bench")) / 1000.0 for w in wanted]
    history = History(session)
    began = time.perf_counter()
    answers = 1
    while not history.answer(24).complete:
        answers += 1
    took = time.perf_counter() - began
    rows = [
        at_most(f"trace of an earlier step of {here}, worst of {EARLIER}", max(times), 2, "s", 2),
        plain("… median", median(times), "s", 2),
        plain(f"health over the whole run, {answers} answers", took, "s", 2),
    ]
    show("LeNet-5: earlier steps", rows)


def closed() -> None:
    """Pairs of workers that train side by side: the microscope of one is used and closed meanwhile.

    Neighbours of this machine slow both alike, and the two change cores all the time; what is left,
    where the pages of a process happen to lie, differs from pair to pair.
    """
    workers = Workers()
    ratios = []
    try:
        for _ in range(PAIRS):
            pair = workers.fork(), workers.fork()
            for worker in pair:
                worker.start()
                worker.until("state", state="paused")
                worker.train(1)
            before = _side_by_side(*pair)
            _look(pair[0])
            ratios.append(_side_by_side(*pair) / before)
            for worker in pair:
                worker.close()
    finally:
        workers.close()
    error = stdev(ratios) / len(ratios) ** 0.5
    show(
        f"LeNet-5: training speed after the microscope was closed, {PAIRS} pairs",
        [
            at_least("speed after : speed before, mean", mean(ratios), 0.98, "", 3),
            plain("… standard error", error, "", 3),
        ],
    )


def _side_by_side(one: Worker, other: Worker) -> float:
    """Speed of ``one`` over that of ``other`` while both train."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    began = _steps("play", one, other)
    for turn in range(int(TOGETHER / CHANGE)):
        one.pin(cores[turn % 2])
        other.pin(cores[(turn + 1) % 2])
        time.sleep(CHANGE)
    ended = _steps("pause", one, other)
    return (ended[0] - began[0]) / (ended[1] - began[1])


def _steps(kind: str, *workers: Worker) -> list[int]:
    """The step at which each follows a command that all are given at once."""
    for worker in workers:
        worker.command(1, type=kind)
    return [int(worker.reply(1)["step"]) for worker in workers]


def _look(worker: Worker) -> None:
    asked = [
        ("operations", {}),
        ("trace", {"precision": "float32"}),
        ("explain", {"cell": {"role": "gradient", "node": "conv1", "tensor": "weight",
                              "index": [0, 0, 1, 1]}}),
        ("trace", {"step": 20}),
        ("health", {}),
        ("gradcheck", {"entries": 3}),
    ]  # fmt: skip
    for number, (kind, wanted) in enumerate(asked, start=1):
        worker.send({"type": kind, "id": number, "wanted": wanted})
        worker.reply(number)


def large(to: Server) -> None:
    """A network of about 1 M parameters on 64×64×3 pictures, by HTTP, and the memory of a trace."""
    spec = {
        "model": LARGE,
        "training": {
            "dataset": _coloured(to),
            "phases": [{"optimizer": {"type": "adam"}, "batch_size": 32, "epochs": 5}],
        },
        "device": "cpu",
        "seed": 1,
    }
    run = to.create(spec)
    to.command(run, "step", unit="batch", count=2)
    while to.call("GET", f"/runs/{run}")["state"] != "paused":
        time.sleep(0.05)
    sample = [{"kind": "stored", "split": "train", "index": 0}]
    node = {"precision": "float32", "samples": sample, "nodes": ["conv2"]}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("trace", node),
        ("explain", {"samples": sample, "cell": {"role": "activation", "node": "conv2",
                                                 "sample": 0, "index": [3, 20, 20]}}),
    ]  # fmt: skip
    first = [timed(partial(to.call, "POST", f"/runs/{run}/{k}", w)) for k, w in asked]
    times = []
    for index in range(1, 6):
        wanted = {**node, "samples": [{"kind": "stored", "split": "train", "index": index}]}
        times.append(timed(partial(to.call, "POST", f"/runs/{run}/trace", wanted)))
    rows = [
        at_most("one layer of one sample, the first question, HTTP", first[0], 500, "ms"),
        at_most("… of another sample, worst of 5", max(times), 500, "ms"),
        at_most("… one cell, the first question, HTTP", first[1], 500, "ms"),
    ]
    to.call("DELETE", f"/runs/{run}")
    show("a network of 1 M parameters, 64×64×3 pictures", rows)
    _memory(spec, str(to.data / "datasets"))


def _coloured(to: Server) -> dict[str, Any]:
    """Random pictures of 64×64×3 in ten classes, as somebody's own data."""
    noise = np.random.default_rng(1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(80):
            pixels = noise.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            archive.writestr(f"{number % 10}/{number}.png", file.getvalue())
    upload = to.send("/uploads?size=64", packed.getvalue(), "application/zip")
    while upload["state"] not in ("done", "failed"):
        upload = to.call("GET", f"/uploads/{upload['id']}")
    return {"type": "uploaded_pictures", "digest": upload["digest"]}


def _memory(spec: dict[str, Any], root: str) -> None:
    """What a trace of a whole batch holds, counted by its tensors, and what is left after."""
    with tempfile.TemporaryDirectory() as folder:
        session = opened(spec, folder, 0, root)
        rest = _bytes()
        tracer = Tracer(session)
        tracer.operations(Traced(precision="float32"))
        held = _bytes() - rest
        tracer.forget()
        left = _bytes() - rest
        session.close()
    rows = [
        at_most("tensors that the trace of a batch of 32 holds", held / 2**20, 1024, "MiB"),
        at_most("… after the run has moved on", left / 2**20, 1, "MiB", 1),
    ]
    show("memory", rows)


def _bytes() -> int:
    """All storages that are alive."""
    gc.collect()
    found = {}
    for thing in gc.get_objects():
        if isinstance(thing, torch.Tensor):
            storage = thing.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
    return sum(found.values())


def main() -> None:
    """Run it."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        session = opened(preset(), folder, 400)
        explanations(session)
        earlier(session)
        session.close()
    closed()
    with server() as to:
        large(to)


if __name__ == "__main__":
    main()

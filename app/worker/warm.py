"""Does once, before any fork, what every run needs: imports, first steps, first frames, data sets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engine.data import preload
from app.engine.device import configure, resolve
from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.session import Session
from app.engine.start import parse_start
from app.engine.tracing.tracer import Tracer
from app.features._answers import table
from app.protocol.commands import Play
from app.protocol.taps import StoredSample, Tap
from app.protocol.tracing import Cell, ExplainWanted, Traced

STEPS = 3
_LAYERS = (
    {"type": "conv2d", "filters": 4, "kernel": 5},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "tanh"},
    {"type": "flatten"},
    {"type": "dropout"},
    {"type": "dense", "units": 10},
)


def warm_up() -> Iterator[None]:
    """Train a small network a few steps with each optimiser, with snapshots and frames.

    In pieces, what training needs first: between two of them a worker may be forked that makes the
    rest itself when it needs it.
    """
    configure()
    table()
    with _trained("sgd"):
        pass
    yield
    with _trained("adam") as session:
        prober, moment = Prober(session.trainer), Moment("", 0)
        prober.frame(Tap(roles=("activation", "kernel")), moment)
        predict(session.trainer, prober, StoredSample(), moment)
    yield
    with _trained("sgd") as session:
        open_microscope(session)
        preload()


def open_microscope(session: Session) -> None:
    """Do once what every look needs: imports and first derivatives. For the fork server."""
    tracer = Tracer(session)
    listed = tracer.operations(Traced())
    nodes = [step.node for step in listed.operations if step.phase == "forward"]
    for node in nodes:
        shape = session.trainer.network.shapes[node]
        for role in ("activation", "sensitivity"):
            cell = Cell(role=role, node=node, sample=0, index=(0,) * len(shape))
            tracer.explain(ExplainWanted(cell=cell))
    for name, parameter in session.trainer.network.named_parameters():
        node, _, tensor = name.partition(".")
        index = (0,) * parameter.dim()
        cell = Cell(role="gradient", node=node, tensor=tensor, index=index)
        tracer.explain(ExplainWanted(cell=cell))


@contextmanager
def _trained(optimizer: str) -> Iterator[Session]:
    with tempfile.TemporaryDirectory(prefix="glassnet-") as folder:
        start = parse_start(_message(optimizer, folder))
        session = Session(start, resolve("cpu"), lambda event: None)
        session.open()
        session.command(Play(until=STEPS))
        while session.running:
            session.turn()
        yield session
        session.close()


def _message(optimizer: str, folder: str) -> dict[str, Any]:
    phase = {"optimizer": {"type": optimizer}, "batch_size": 8}
    training = {"dataset": {"type": "digits28"}, "phases": [phase]}
    spec = {"model": list(_LAYERS), "training": training, "device": "cpu"}
    return {"type": "start", "spec": spec, "folder": folder, "data_root": str(Path())}

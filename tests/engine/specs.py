"""Small runs that the engine's tests train."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import torch

from app.engine.device import configure
from app.engine.probes import Prober
from app.engine.range_tests import RangeTests
from app.engine.session import Session
from app.engine.snapshots import weights_digest
from app.engine.start import parse_start
from app.engine.trainer import Trainer
from app.protocol.commands import COMMAND, AnyCommand
from app.protocol.events import AnyEvent
from app.spec.run import RunSpec
from app.worker.asking import Asking

CPU = torch.device("cpu")
Layers = list[dict[str, Any]]

CONVOLUTIONAL: Layers = [
    {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "flatten"},
    {"type": "dropout", "rate": 0.3},
    {"type": "dense", "units": 10},
]
SGD: dict[str, Any] = {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9}
ADAM: dict[str, Any] = {"type": "adam", "learning_rate": 0.01}


def run_spec(layers: Layers | None = None, **changes: Any) -> RunSpec:
    """A run on the 8×8 digits; ``changes`` go into the phase, but for dataset, seed and device."""
    phase: dict[str, Any] = {"optimizer": SGD, "batch_size": 64, "epochs": 2}
    dataset = changes.pop("dataset", {"type": "digits8"})
    outer = {"seed": changes.pop("seed", 3), "device": changes.pop("device", "cpu")}
    dataset_and = {"dataset": dataset, "augmentations": changes.pop("augmentations", [])}
    training = {**dataset_and, "phases": [{**phase, **changes}]}
    return RunSpec.model_validate_json(
        json.dumps({"model": layers or CONVOLUTIONAL, "training": training, **outer})
    )


def trainer_of(spec: RunSpec, root: Path = Path()) -> Trainer:
    configure()
    return Trainer(spec, root, CPU)


def digest(trainer: Trainer) -> str:
    return weights_digest(trainer.network.state_dict())


def command(kind: str, **fields: Any) -> AnyCommand:
    return COMMAND.validate_json(json.dumps({"type": kind, **fields}))


class Driven:
    """A session and everything it has emitted."""

    def __init__(
        self,
        spec: RunSpec,
        folder: Path | None = None,
        device: torch.device = CPU,
        **start: Any,
    ) -> None:
        configure()
        message = {"spec": json.loads(spec.model_dump_json()), "data_root": ".", **start}
        if folder is not None:
            message["folder"] = str(folder)
        self.events: deque[AnyEvent] = deque()
        self.session = Session(parse_start(message), device, self.events.append)
        self.session.open()

    def do(self, kind: str, **fields: Any) -> Driven:
        """Follow a command, train until the run rests and say what it has become."""
        self.session.command(command(kind, **fields))
        while self.session.running:
            self.session.turn()
        self.session.settle()
        return self

    def to(self, step: int) -> Driven:
        return self.do("play", until=step)

    @property
    def step(self) -> int:
        return self.session.trainer.cursor.step

    @property
    def digest(self) -> str:
        return digest(self.session.trainer)

    def of(self, kind: str) -> list[Any]:
        """The emitted events of one type."""
        return [event for event in self.events if event.type == kind]


def asking(session: Session) -> Asking:
    """What answers questions to a session in its worker."""
    return Asking(session, Prober(session.trainer), RangeTests(session))

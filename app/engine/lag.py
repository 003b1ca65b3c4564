"""The lag experiment: trains one cell after another over one lag after another, as a run would.

What it measures is defined by the protocol; which run belongs to a cell and a lag, by the spec.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from app.engine.trainer import Trainer
from app.protocol.lag import SOLVED_ACCURACY, SOLVED_ERROR, LagFinding, LagNow, Reaching
from app.spec.lag import Cell, LagSpec

LOOKS = 24
"""Evaluations of a training, at most."""
SAMPLES = 64


def parse_spec(spec: Mapping[str, Any]) -> LagSpec:
    """A spec that came as data; raises pydantic's ValidationError."""
    return LagSpec.model_validate_json(json.dumps(spec))


def experiment(spec: LagSpec, root: Path, done: int = 0) -> Iterator[LagNow | LagFinding]:
    """What comes after the first ``done`` findings: each announced by how far it is."""
    for lag, cell in list(spec.pairs())[done:]:
        yield from _one(spec, lag, cell, root)


def _one(spec: LagSpec, lag: int, cell: Cell, root: Path) -> Iterator[LagNow | LagFinding]:
    began = time.perf_counter()
    trainer = Trainer(spec.run(lag, cell), root, torch.device("cpu"))
    before = reaching(trainer)
    every = max(10, -(-spec.steps // LOOKS))
    steps, curve, solved = [0], [_value(trainer)], None
    while solved is None and trainer.cursor.step < spec.steps and trainer.diverged is None:
        yield LagNow(lag=lag, cell=cell, step=trainer.cursor.step, value=curve[-1])
        for _ in range(min(every, spec.steps - trainer.cursor.step)):
            trainer.step()
        trainer.read_metrics()
        steps.append(trainer.cursor.step)
        curve.append(_value(trainer))
        solved = steps[-1] if _solves(trainer, curve[-1]) else None
    yield LagFinding(
        lag=lag,
        cell=cell,
        accuracy=curve[-1] if trainer.classes else None,
        error=None if trainer.classes else curve[-1],
        solved=solved,
        steps=trainer.cursor.step,
        curve_steps=tuple(steps),
        curve=tuple(curve),
        before=before,
        after=reaching(trainer),
        seconds=time.perf_counter() - began,
    )


def _value(trainer: Trainer) -> float:
    """Accuracy, or mean squared error where there are no classes, over the validation set."""
    loss, accuracy = trainer.evaluate()
    return loss if accuracy is None else accuracy


def _solves(trainer: Trainer, value: float) -> bool:
    return value >= SOLVED_ACCURACY if trainer.classes else value < SOLVED_ERROR


def reaching(trainer: Trainer) -> Reaching:
    """How much gradient arrives at the first step of time with the weights as they are."""
    split = trainer.data.val
    x, wanted = split.inputs(split.rows[:SAMPLES]).double(), split.wanted(0, SAMPLES)
    wanted = wanted.double() if wanted.is_floating_point() else wanted
    network = copy.deepcopy(trainer.network).double()
    network.mode(training=False)
    x.requires_grad_()
    loss = trainer.loss(network(x), wanted) * len(
        x
    )  # the mean as a sum: each sample's own gradient
    (gradient,) = torch.autograd.grad(loss, x)
    norms = gradient.square().sum(2).mean(0).sqrt()
    first, last = float(norms[0]), float(norms[-1])
    return Reaching(first=first, last=last, share=first / last if last else float("nan"))

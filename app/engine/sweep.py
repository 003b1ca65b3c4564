"""The network's answer as a curve over one movement of the watched sample: all points in one pass."""

from __future__ import annotations

from typing import Any

import torch

from app.engine.meter import classes_of, decide
from app.engine.predict import number
from app.engine.probes import Prober
from app.engine.trainer import Trainer
from app.engine.warp import moved
from app.protocol.refusals import NothingDecided
from app.protocol.taps import FixedSample, WarpedSample
from app.protocol.warp import Sweep, Warp

AT_ONCE = 1000


@torch.inference_mode()
def sweep(trainer: Trainer, prober: Prober, sample: FixedSample, wanted: Sweep) -> dict[str, Any]:
    """An answer for every value; raises :class:`SampleMisfit` for what is no picture."""
    if trainer.reconstructs:
        raise NothingDecided
    data, network = trainer.data, trainer.network
    data.sample(WarpedSample(of=sample, warp=wanted.warp))  # refuses what cannot be moved
    x = data.laid_out(moved(data.sample(sample), wanted.warps()))
    network.mode(training=False)
    try:
        output = network(x)
    finally:
        network.mode(training=True)
    answers, readout = prober.readouts(output)
    return {
        "step": trainer.cursor.step,
        "axis": wanted.axis,
        "values": wanted.values(),
        "answers": [[number(v) for v in row] for row in answers.float().tolist()],
        "labels": classes_of(output) if trainer.classes else None,
        "target": data.label(sample),
        "readout": readout,
    }


@torch.inference_mode()
def accuracy_under(trainer: Trainer, warp: Warp) -> float:
    """Share of the validation samples that are classified rightly once moved."""
    split, network = trainer.data.val, trainer.network
    if split.labels is None:
        raise TypeError("accuracy is for classes")
    right = 0
    network.mode(training=False)
    try:
        for start in range(0, split.count, AT_ONCE):
            rows = split.rows[start : start + AT_ONCE]
            x = trainer.data.laid_out(moved(split.inputs(rows), [warp]))
            labels = split.labels[start : start + AT_ONCE]
            right += int(decide(network(x)).eq(labels).sum())
    finally:
        network.mode(training=True)
    return right / split.count

"""What the network says about one sample: outputs, probabilities, class, and every layer's output."""

from __future__ import annotations

import math
from typing import Any

import torch

from app.engine.meter import classes_of
from app.engine.probes import Moment, Prober
from app.engine.trainer import Trainer
from app.nn.masks import lengths_of
from app.protocol.frames import metadata
from app.protocol.taps import AnySample

TOP = 5
"""Classes that are named at every step, the likeliest first."""


def number(value: float) -> float | str:
    """A number for JSON: what is not finite becomes ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def predict(
    trainer: Trainer, prober: Prober, sample: AnySample, moment: Moment
) -> tuple[dict[str, Any], bytes]:
    """(prediction, float32 frame); ``label`` is null for regression and where an output is NaN,
    probabilities for raw outputs.

    A reconstruction has its values in the input's order, and its loss; no label, no target. Where every
    step has a class, ``steps`` says so and all else is null or empty.
    """
    output, frame = prober.exact(sample, moment)
    values, readout = prober.readout(output[None])
    found = {
        "step": trainer.cursor.step,
        "branch": moment.branch,
        "outputs": [],
        "probabilities": None,
        "label": None,
        "target": None,
        "readout": readout,
        "loss": None,
        "steps": None,
    }
    if trainer.per_step:
        return found | {"steps": _steps(trainer, sample, output, values)}, frame
    found["outputs"] = [number(v) for v in output.flatten().tolist()]
    if readout != "raw":
        found["probabilities"] = [number(v) for v in values.flatten().tolist()]
    if trainer.reconstructs:
        return found | {"loss": number(float(metadata(frame)["loss"]))}, frame
    label = classes_of(output[None])[0] if trainer.classes else None
    return found | {"label": label, "target": trainer.data.label(sample)}, frame


def _steps(
    trainer: Trainer, sample: AnySample, output: torch.Tensor, values: torch.Tensor
) -> list[dict[str, Any]]:
    """An answer at every step up to the end of the sample, each with its likeliest classes; none where
    an output is NaN."""
    x = trainer.data.sample(sample)
    length = int(lengths_of(x)[0]) if trainer.data.tokens is not None else values.shape[0]
    best = values[:length].topk(min(TOP, values.shape[1]), 1)
    decided = classes_of(output[:length])
    targets = trainer.data.step_labels(sample)
    return [
        {
            "label": decided[t],
            "target": None if targets is None or targets[t] < 0 else targets[t],
            "top": []
            if decided[t] is None
            else [[k, number(v)] for k, v in zip(places, found, strict=True)],
        }
        for t, (places, found) in enumerate(
            zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )
    ]

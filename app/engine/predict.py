"""What the network says about one sample: outputs, probabilities, class, and every layer's output."""

from __future__ import annotations

import math
from typing import Any

from app.engine.meter import decide
from app.engine.probes import Moment, Prober
from app.engine.trainer import Trainer
from app.protocol.frames import metadata
from app.protocol.taps import AnySample


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
    """(prediction, float32 frame); ``label`` is null for regression, probabilities for raw outputs.

    A reconstruction has its values in the input's order, and its loss; no label, no target.
    """
    output, frame = prober.exact(sample, moment)
    values, readout = prober.readout(output[None])
    if trainer.reconstructs:
        return {
            "step": trainer.cursor.step,
            "branch": moment.branch,
            "outputs": [number(v) for v in output.flatten().tolist()],
            "probabilities": None
            if readout == "raw"
            else [number(v) for v in values.flatten().tolist()],
            "label": None,
            "target": None,
            "readout": readout,
            "loss": number(float(metadata(frame)["loss"])),
        }, frame
    return {
        "step": trainer.cursor.step,
        "branch": moment.branch,
        "outputs": [number(v) for v in output.tolist()],
        "probabilities": None if readout == "raw" else [number(v) for v in values.tolist()],
        "label": int(decide(output[None])[0]) if trainer.classes else None,
        "target": trainer.data.label(sample),
        "readout": readout,
        "loss": None,
    }, frame

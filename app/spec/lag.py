"""LagSpec: which cells are to remember over which lags, and the run that each pair of them is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.spec.base import Strict
from app.spec.run import RunSpec

Cell = Literal["rnn", "irnn", "gru", "lstm"]
"""A plain RNN with tanh, one with ReLU that starts with the identity, GRU, LSTM."""
Task = Literal["recall", "adding"]
Lag = Annotated[int, Field(ge=2, le=200)]
DIGITS = 16
BATCH = 64
STEPS_PER_EPOCH = 63
"""Of the 4,000 training sequences that both sets have."""
_LAYERS: dict[Cell, dict[str, Any]] = {
    "rnn": {"type": "rnn"},
    "irnn": {"type": "rnn", "activation": "relu", "recurrent": "identity"},
    "gru": {"type": "gru"},
    "lstm": {"type": "lstm"},
}
_FORGET: dict[Task, float] = {"recall": 5.0, "adding": 1.0}
"""Forget bias of the LSTM: with 5 its gates start at 0.993, so that the first symbol is still there."""
_RATES: dict[tuple[Task, Cell], float] = {
    ("recall", "rnn"): 0.003,
    ("recall", "gru"): 0.02,
    ("recall", "lstm"): 0.003,
}
_IRNN_RATE = 0.001
_RATE = 0.01


class LagSpec(Strict):
    """One training for each lag and cell. Adam, gradients clipped at norm 1, batches of 64.

    ``recall``: a symbol, ``lag`` steps of distraction, then the question what it was. ``adding``: the
    sum of two marked numbers in a sequence of ``lag`` steps. ``steps``: of training, at most; one that
    has solved its task ends earlier.
    """

    task: Task = "recall"
    cells: tuple[Cell, ...] = Field(("rnn", "irnn", "gru", "lstm"), min_length=1, max_length=4)
    lags: tuple[Lag, ...] = Field((5, 10, 20, 50, 100), min_length=1, max_length=8)
    steps: int = Field(300, ge=20, le=3000)
    units: int = Field(32, ge=4, le=64)
    seed: int = Field(0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _once(self) -> Self:
        for name, values in (("cells", self.cells), ("lags", self.lags)):
            if len(set(values)) < len(values):
                raise ValueError(f"{name} must not repeat")
        return self

    def digest(self) -> str:
        """A name: the same for the same content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:DIGITS]

    def require(self) -> None:
        """Every spec can be done."""

    def pairs(self) -> Iterator[tuple[int, Cell]]:
        """(lag, cell) in the order in which they are trained: short lags first."""
        return ((lag, cell) for lag in sorted(self.lags) for cell in self.cells)

    def run(self, lag: int, cell: Cell) -> RunSpec:
        """The run that trains one cell over one lag."""
        recall = self.task == "recall"
        dataset = {"type": "recall", "lag": lag} if recall else {"type": "adding", "length": lag}
        layer = {**_LAYERS[cell], "units": self.units}
        if cell == "lstm":
            layer["forget_bias"] = _FORGET[self.task]
        rate = _IRNN_RATE if cell == "irnn" else _RATES.get((self.task, cell), _RATE)
        phase = {
            "type": "supervised",
            "loss": {"type": "cross_entropy" if recall else "squared_error"},
            "optimizer": {"type": "adam", "learning_rate": rate},
            "batch_size": BATCH,
            "epochs": -(-self.steps // STEPS_PER_EPOCH),
            "clip_norm": 1.0,
        }
        head = {"type": "dense", "units": 4 if recall else 1}
        made = {
            "name": f"{cell.upper()}, {self.task}, {lag}",
            "model": [layer, {"type": "last_step"}, head],
            "training": {"dataset": dataset, "phases": [phase]},
            "seed": self.seed,
        }
        return RunSpec.model_validate_json(json.dumps(made))

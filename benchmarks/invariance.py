"""What shared weights buy: a CNN against a dense network of the same size and two baselines, moved digits.

Prints the Markdown table of the README. Every model learns the same 4,000 digits and is asked for the same
1,000 validation digits, first as they are, then shifted and turned.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch

from app.engine.baselines import fit, flat, parse_spec
from app.engine.device import configure, resolve
from app.engine.sweep import accuracy_under
from app.engine.trainer import Trainer
from app.engine.warp import moved
from app.protocol.warp import Warp
from app.spec.presets import presets
from app.spec.run import RunSpec
from benchmarks._report import machine

SEEDS = (0, 1, 2)
HIDDEN = 78
"""784·78 + 78 + 78·10 + 10 = 62,020 parameters: as near to LeNet-5's 61,706 as one hidden layer comes."""
SHIFTS = (1, 2, 4)
TURNS = (10, 20, 30)
Score = Callable[[Warp], float]


@dataclass(frozen=True)
class Line:
    """One model: its numbers, how many seeds they are the mean of, and seconds of learning."""

    name: str
    parameters: int
    accuracies: Sequence[float]
    seeds: int
    seconds: float


def warps(column: str, amount: int) -> list[Warp]:
    """The movements of one column: shifts right, left, down and up; turns both ways."""
    if column == "shift":
        return [
            Warp(shift_x=float(x * amount), shift_y=float(y * amount))
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
    return [Warp(turn=float(sign * amount)) for sign in (1, -1)]


COLUMNS = [[Warp()]] + [warps("shift", n) for n in SHIFTS] + [warps("turn", n) for n in TURNS]


def scores(score: Score) -> list[float]:
    """The mean accuracy of each column."""
    return [mean(score(warp) for warp in column) for column in COLUMNS]


def networks() -> dict[str, RunSpec]:
    """LeNet-5 as it ships, and a dense network with the same training."""
    lenet = presets()[0].spec
    plain = lenet.model_dump(mode="json")
    he = {"type": "he"}
    plain["model"] = [
        {"type": "flatten"},
        {"type": "dense", "units": HIDDEN, "init": he},
        {"type": "relu"},
        {"type": "dense", "units": 10, "init": he},
    ]
    return {
        "LeNet-5 (convolutions)": lenet,
        f"dense, {HIDDEN} hidden units": RunSpec.model_validate_json(json.dumps(plain)),
    }


def network(name: str, spec: RunSpec) -> Line:
    """Trained for the preset's epochs from each seed; the weights of the last step are asked."""
    found, seconds, parameters = [], [], 0
    for seed in SEEDS:
        trainer = Trainer(
            spec.model_copy(update={"seed": seed, "device": "cpu"}), Path(), resolve("cpu")
        )
        began = time.perf_counter()
        while not trainer.finished:
            trainer.step()
            if trainer.meter.full or trainer.epoch_ended:
                trainer.read_metrics()
        seconds.append(time.perf_counter() - began)
        parameters = sum(p.numel() for p in trainer.parameters)
        found.append(scores(lambda warp, of=trainer: accuracy_under(of, warp)))  # type: ignore[misc]
    return Line(name, parameters, np.mean(found, axis=0).tolist(), len(SEEDS), mean(seconds))


def baseline(kind: str) -> Line:
    """A baseline; its accuracy on moved digits by the same movements."""
    spec = parse_spec({"dataset": {"type": "digits28"}, "baseline": {"type": kind}})
    estimator, result = fit(spec, Path())
    data = spec.dataset.load(Path())
    pictures = torch.from_numpy(np.array(data.val_x))

    def score(warp: Warp) -> float:
        rows: Any = flat(moved(pictures, [warp]).numpy())
        return float(np.mean(estimator.predict(rows) == data.val_y))

    name = spec.baseline.TITLE.en.lower().replace("svm", "SVM")
    return Line(name, result.parameters, scores(score), 1, result.seconds)


def table(lines: Sequence[Line]) -> str:
    """Markdown, per cent."""
    names = [*(f"shift {n} px" for n in SHIFTS), *(f"turn {n}°" for n in TURNS)]
    head = ["model", "parameters", "validation", *names, "seconds"]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for line in lines:
        shares = [f"{100 * value:.1f}" for value in line.accuracies]
        rows.append([line.name, f"{line.parameters:,}", *shares, f"{line.seconds:.0f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Run it."""
    configure()
    began = time.perf_counter()
    lines = [network(name, spec) for name, spec in networks().items()]
    lines += [baseline(kind) for kind in ("linear_svm", "boosting")]
    print(f"moved digits, accuracy in %, networks: mean of {len(SEEDS)} seeds  ({machine()})")
    print(table(lines))
    print(f"  in {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()

"""How well the presets learn with the page's defaults: best validation accuracy, or loss, of a run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.engine.headless import train
from app.protocol.events import Validation
from app.spec.presets import Preset, presets
from app.spec.run import RunSpec
from benchmarks._report import Row, at_least, plain, show

SEEDS = range(5)
EPOCHS = 8


@dataclass(frozen=True)
class Result:
    """The best accuracy (None: regression) and loss on the validation set, and where they were."""

    accuracy: float | None
    epoch: float
    loss: float
    seconds: float


def result(spec: RunSpec) -> Result:
    """Train a run to its end without a server."""
    began = time.perf_counter()
    seen = [event for event in train(spec, Path()) if isinstance(event, Validation)]
    best = max(seen, key=lambda event: (event.accuracy or 0.0, -event.loss))
    seconds = time.perf_counter() - began
    return Result(best.accuracy, best.epoch, min(event.loss for event in seen), seconds)


def with_seed(spec: RunSpec, seed: int, epochs: int | None = None) -> RunSpec:
    """The same run from other first weights and in another order, perhaps shorter."""
    changes: dict[str, object] = {"seed": seed, "device": "cpu"}
    if epochs is not None:
        phases = tuple(
            phase.model_copy(update={"epochs": min(epochs, phase.epochs)})
            for phase in spec.training.phases
        )
        changes["training"] = spec.training.model_copy(update={"phases": phases})
    return spec.model_copy(update=changes)


def figure(preset: Preset, found: Result) -> Row:
    """One line of the table of presets."""
    epochs = preset.spec.training.phase.epochs
    name = f"{preset.id}, {epochs} epochs in {found.seconds:.0f} s"
    if found.accuracy is None:
        return Row(name, f"loss {found.loss:.4f}")
    return Row(name, f"{100 * found.accuracy:.1f} % after {found.epoch:g}")


def main() -> None:
    """Run it."""
    first = presets()[0]
    found = [result(with_seed(first.spec, seed, EPOCHS)) for seed in SEEDS]
    best = [100 * (one.accuracy or 0.0) for one in found]
    show(
        f"{first.id} within {EPOCHS} epochs, {len(SEEDS)} seeds",
        [
            at_least("best validation accuracy, median", median(best), 95, "%", 1),
            plain("… of the worst seed", min(best), "%", 1),
            plain("… of the best seed", max(best), "%", 1),
            plain("seconds a run", median(one.seconds for one in found), "s", 1),
        ],
    )
    table = [figure(preset, result(with_seed(preset.spec, 0))) for preset in presets()]
    show("presets as they ship, one seed", table)


if __name__ == "__main__":
    main()

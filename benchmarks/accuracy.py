"""How well the page's first network learns with the page's defaults: best validation accuracy of a run."""

from __future__ import annotations

from statistics import median

from app.spec.presets import presets
from benchmarks._presets import result, with_seed
from benchmarks._report import at_least, plain, show

SEEDS = range(5)
EPOCHS = 8


def main() -> None:
    """Run it."""
    first = presets()[0]
    found = [result(with_seed(first.spec, seed, EPOCHS)) for seed in SEEDS]
    best = [100 * (one.best or 0.0) for one in found]
    show(
        f"{first.id} within {EPOCHS} epochs, {len(SEEDS)} seeds",
        [
            at_least("best validation accuracy, median", median(best), 95, "%", 1),
            plain("… of the worst seed", min(best), "%", 1),
            plain("… of the best seed", max(best), "%", 1),
            plain("seconds a run", median(one.seconds for one in found), "s", 1),
        ],
    )


if __name__ == "__main__":
    main()

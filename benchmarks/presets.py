"""What every preset reaches after its epochs, as a table for the README: the median of three seeds.

A preset whose run takes longer than :data:`SLOW` seconds is trained with one seed, the one it ships with.
"""

from __future__ import annotations

from math import exp
from statistics import median

from app.spec.check import check
from app.spec.presets import Goal, Preset, presets
from benchmarks._presets import Result, result, with_seed

SLOW = 20.0
MORE_SEEDS = (1, 2)
HEAD = "| preset | parameters | data | epochs | validation | promised | seconds |"
RULE = "|---|---:|---|---:|---:|---:|---:|"


def results(preset: Preset) -> list[Result]:
    """One result a seed."""
    spec = preset.spec
    found = [result(with_seed(spec, spec.seed))]
    if found[0].seconds <= SLOW:
        others = [seed for seed in MORE_SEEDS if seed != spec.seed]
        found += [result(with_seed(spec, seed)) for seed in others]
    return found


def promised(goal: Goal) -> str:
    """The goal in the words of the table."""
    if goal.loss is not None:
        return f"loss ≤ {goal.loss:g}"
    if goal.perplexity is not None:
        return f"perplexity ≤ {goal.perplexity:g}"
    if goal.stays_below is not None:
        return f"≤ {100 * goal.stays_below:.0f} %"
    return f"≥ {100 * (goal.accuracy or 0.0):.0f} %"


def facts(preset: Preset) -> tuple[str, str, str, str]:
    """What is known without training: title, parameters, data, epochs."""
    spec = preset.spec
    parameters = check(spec.model, spec.training).totals.parameters
    data = type(spec.training.dataset).TITLE.en
    return preset.title.en, f"{parameters:,}", data, str(preset.reaches.epochs)


def line(preset: Preset, found: list[Result]) -> tuple[str, bool]:
    """(a row of the table, whether the promise is kept)."""
    loss = median(one.loss for one in found)
    scores = [one.accuracy for one in found if one.accuracy is not None]
    accuracy = median(scores) if scores else None
    kept = preset.reaches.met(accuracy, loss)
    by_loss = accuracy is None or preset.reaches.loss is not None
    figure = f"loss {loss:.4f}" if by_loss else f"{100 * (accuracy or 0.0):.1f} %"
    if preset.reaches.perplexity is not None:
        figure = f"perplexity {exp(loss):.2f}"
    seconds = f"{median(one.seconds for one in found):.0f}"
    cells = (*facts(preset), figure, promised(preset.reaches), seconds)
    return f"| {' | '.join(cells)} |", kept


def main() -> None:
    """Run it; a broken promise is named under the table."""
    print(HEAD, RULE, sep="\n")
    missed = []
    for preset in presets():
        row, kept = line(preset, results(preset))
        print(row, flush=True)
        if not kept:
            missed.append(preset.title.en)
    print(f"\nMISSED: {', '.join(missed)}" if missed else "\nEvery preset keeps its promise.")


if __name__ == "__main__":
    main()

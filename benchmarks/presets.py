"""What every preset reaches after its epochs, as a table for the README: median, worst and spread of ten seeds.

A preset whose run takes longer than :data:`SLOW` seconds is trained with three. The environment variable
``PRESETS`` names the ids of those to train, ``SEEDS`` how many seeds each gets.
"""

from __future__ import annotations

import os
from statistics import median

from app.spec.check import check
from app.spec.presets import Goal, Preset, presets
from benchmarks._presets import Result, result, with_seed
from benchmarks._promise import figures, rounded, safe, spread, worst

SLOW = 20.0
SEEDS, FEWER_SEEDS = 10, 3
HEAD = "| preset | parameters | data | epochs | validation | promised | worst | spread | seeds | seconds |"
RULE = "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|"


def results(preset: Preset, seeds: int | None = None) -> list[Result]:
    """One result a seed, that of the preset first."""
    spec = preset.spec
    found = [result(with_seed(spec, spec.seed))]
    wanted = seeds or (SEEDS if found[0].seconds <= SLOW else FEWER_SEEDS)
    others = [seed for seed in range(wanted) if seed != spec.seed][: wanted - 1]
    return found + [result(with_seed(spec, seed)) for seed in others]


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


def said(goal: Goal, figure: float) -> str:
    """A figure as the table writes it."""
    if goal.loss is not None:
        return f"loss {figure:.4f}"
    if goal.perplexity is not None:
        return f"perplexity {figure:.2f}"
    return f"{100 * figure:.1f} %"


def line(preset: Preset, found: list[Result]) -> str:
    """A row of the table."""
    goal, seconds = preset.reaches, f"{median(one.seconds for one in found):.0f}"
    seen = figures(goal, found)
    bad, apart = said(goal, worst(goal, seen)), said(goal, spread(seen)).split(maxsplit=1)
    unit = " ".join(part for part in apart if part not in {"loss", "perplexity"})
    cells = (*facts(preset), said(goal, median(seen)), promised(goal), bad, unit)
    return f"| {' | '.join((*cells, str(len(seen)), seconds))} |"


def main() -> None:
    """Run it; under the table stands what promises more than its seeds allow, and what they allow."""
    wanted = os.environ.get("PRESETS", "").replace(",", " ").split()
    seeds = int(os.environ.get("SEEDS", "0")) or None
    print(HEAD, RULE, sep="\n")
    bold = []
    for preset in presets():
        if wanted and preset.id not in wanted:
            continue
        found = results(preset, seeds)
        print(line(preset, found), flush=True)
        seen = figures(preset.reaches, found)
        if not safe(preset.reaches, seen):
            bold.append(f"{preset.id} may promise {rounded(preset.reaches, seen):g}")
    print(f"\nTOO BOLD: {'; '.join(bold)}" if bold else "\nEvery preset keeps its promise.")


if __name__ == "__main__":
    main()

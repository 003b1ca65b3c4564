"""Runs over random graphs: sound, on data that are here, small enough to be trained in no time."""

from __future__ import annotations

import functools
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.spec.check import check
from app.spec.run import RunSpec
from tests.spec.networks import trainings, wired


def small(spec: RunSpec) -> bool:
    """Whether a run can be trained for a few steps in no time and from data that are here."""
    report = check(spec.model, spec.training)
    here = spec.training.dataset.available(Path("/nowhere"))
    return here and report.ok and report.totals.macs < 400_000


@st.composite
def runs(draw: st.DrawFn) -> RunSpec:
    training = draw(trainings())
    model = draw(wired(training))
    return RunSpec(model=model, training=training, seed=draw(st.integers(0, 99)))


@functools.cache
def random_runs(count: int) -> list[RunSpec]:
    """Graphs that nobody thought of, with any loss, optimiser and data; always the same ones."""
    found: list[RunSpec] = []

    @settings(
        max_examples=60 * count,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(spec=runs())
    def collect(spec: RunSpec) -> None:
        if len(found) < count and small(spec):
            found.append(spec)

    collect()
    assert len(found) == count
    return found

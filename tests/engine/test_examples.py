"""The example of every part fits together, holds the part, and really trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.api.catalog import FAMILIES
from app.catalog.baselines import Baseline
from app.catalog.family import Part
from app.spec.check import check
from app.spec.examples import Example, example
from tests.engine.specs import trainer_of

PARTS = [part for family in FAMILIES.values() for part in family.parts.values()]
STEPS = 4


def parts_of(value: Any) -> set[type[Part]]:
    """Every part within a spec."""
    found: set[type[Part]] = {type(value)} if isinstance(value, Part) else set()
    inner = value if isinstance(value, tuple) else ()
    if hasattr(type(value), "model_fields"):
        inner = tuple(getattr(value, name) for name in type(value).model_fields)
    for one in inner:
        found |= parts_of(one)
    return found


def waits_for_a_user(part: type[Part]) -> bool:
    """A set of the user's own, which has to be brought first."""
    return part.kind().startswith("uploaded_")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: str(part.kind()))
def test_every_part_has_an_example_that_trains(part: type[Part]) -> None:
    found = example(part)
    if waits_for_a_user(part):
        assert found is None
        return
    assert isinstance(found, Example)
    spec = found.spec
    assert check(spec.model, spec.training).ok
    assert part in parts_of(spec) or issubclass(part, Baseline)  # no part of a network
    if not spec.training.dataset.available(Path()):
        pytest.skip("its files are not on this machine")
    trainer = trainer_of(spec)
    before = {name: p.detach().clone() for name, p in trainer.network.named_parameters()}
    for _ in range(STEPS):
        trainer.step()
    after = dict(trainer.network.named_parameters())
    assert all(p.isfinite().all() for p in after.values())
    assert any((after[name] != value).any() for name, value in before.items())

"""The presets keep what they promise: the quick ones in every run of the tests, all of them in the deep ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.headless import train
from app.protocol.events import Validation
from app.spec.presets import Preset, presets
from benchmarks.presets import facts, promised
from tests.support import ROOT

QUICK = (
    "digits8_mlp",
    "deep_sigmoid",
    "perceptron",
    "table_iris",
    "table_diabetes",
    "autoencoder_points",
)
"""Presets whose whole training takes a second or two, one of a kind."""


def last_validation(preset: Preset, seed: int) -> Validation:
    spec = preset.spec.model_copy(update={"seed": seed, "device": "cpu"})
    return [event for event in train(spec, Path()) if isinstance(event, Validation)][-1]


def name(preset: Preset) -> str:
    return preset.id


@pytest.mark.parametrize("preset", [one for one in presets() if one.id in QUICK], ids=name)
def test_a_quick_preset_reaches_its_goal(preset: Preset) -> None:
    last = last_validation(preset, preset.spec.seed)
    assert last.epoch == preset.reaches.epochs
    assert preset.reaches.met(last.accuracy, last.loss), (last.accuracy, last.loss)


def test_there_are_quick_presets_of_most_kinds() -> None:
    found = [preset for preset in presets() if preset.id in QUICK]
    assert len(found) == len(QUICK)
    assert {"depth", "points", "autoencoder"} <= {preset.group for preset in found}
    assert any(preset.reaches.stays_below for preset in found)


@pytest.mark.deep
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("preset", presets(), ids=name)
def test_every_preset_reaches_its_goal(preset: Preset, seed: int) -> None:
    last = last_validation(preset, seed)
    assert preset.reaches.met(last.accuracy, last.loss), (last.accuracy, last.loss)


def test_the_readme_lists_every_preset_as_it_is() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("<!-- presets -->")[2].partition("<!-- /presets -->")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| ")
    ][1:]
    assert [row[:4] for row in rows] == [list(facts(preset)) for preset in presets()]
    assert [row[5] for row in rows] == [promised(preset.reaches) for preset in presets()]

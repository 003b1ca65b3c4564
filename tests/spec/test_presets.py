"""The shipped presets are valid, buildable, bilingual, and ordered with LeNet-5 first."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from app.catalog.datasets import DATASETS
from app.spec.check import check
from app.spec.presets import Goal, Preset, groups, presets
from app.spec.run import RunSpec

MOST_CLASSES = 100
each_preset = pytest.mark.parametrize("preset", presets(), ids=lambda preset: str(preset.id))


def test_every_file_is_a_preset_under_its_name() -> None:
    folder = files("app.spec") / "presets"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    assert [name.split("_", 1)[1].removesuffix(".json") for name in names] == [
        preset.id for preset in presets()
    ]
    assert presets()[0].id == "lenet5"
    assert presets() is presets()


@each_preset
def test_preset_can_be_built_as_it_is(preset: Preset) -> None:
    report = check(preset.spec.model, preset.spec.training)
    assert report.ok
    assert report.problems == ()
    assert report.totals.parameters > 0


@each_preset
def test_preset_is_said_in_both_languages(preset: Preset) -> None:
    assert preset.summary.en != preset.summary.zh
    assert preset.title.en
    assert preset.title.zh
    assert preset.summary.en.endswith(".")
    assert preset.summary.zh.endswith("。")


@each_preset
def test_spec_survives_json(preset: Preset) -> None:
    again = RunSpec.model_validate_json(preset.spec.model_dump_json(), strict=True)
    assert again == preset.spec
    assert again.digest() == preset.spec.digest()
    assert json.loads(preset.spec.model_dump_json())["model"]["nodes"]  # always a graph


def test_data_of_every_kind_have_a_preset() -> None:
    """Whoever opens the page finds pictures and points, classes and values, without a download."""
    used = [preset.spec.training.dataset for preset in presets()]
    # Of a user's own table only the table itself knows the task.
    bundled = [d for d in DATASETS.parts.values() if not d.kind().startswith("uploaded")]
    assert {(d.KIND, d.TASK) for d in used} == {(d.KIND, d.TASK) for d in bundled}
    assert not any(d.DOWNLOAD_BYTES for d in used)


def by_id(name: str) -> Preset:
    return next(preset for preset in presets() if preset.id == name)


def test_presets_stand_under_their_headings_in_one_piece() -> None:
    order = [preset.group for preset in presets()]
    assert list(dict.fromkeys(order)) == [group.id for group in groups()]
    assert order == sorted(order, key=[group.id for group in groups()].index)
    for group in groups():
        assert group.title.en != group.title.zh
    assert len({preset.spec.name for preset in presets()}) == len(presets())


@each_preset
def test_goal_is_for_the_run_as_it_ships(preset: Preset) -> None:
    assert preset.reaches.epochs == preset.spec.training.phase.epochs
    classes = preset.spec.training.dataset.TASK == "classification"
    scored = classes and not preset.spec.training.phase.reconstructs
    # Which of a thousand words stands nearby is a guess at best: the loss tells more.
    guesses = preset.spec.training.dataset.targets > MOST_CLASSES
    assert guesses or (preset.reaches.loss is None) == scored
    assert preset.reaches.perplexity is None or preset.spec.training.dataset.NEXT


def test_a_goal_is_met_or_missed() -> None:
    right, near = Goal(epochs=1, accuracy=0.9), Goal(epochs=1, loss=0.1)
    fails = Goal(epochs=1, stays_below=0.2)
    assert (right.met(0.9, 5.0), right.met(0.89, 0.0), right.met(None, 0.0)) == (True, False, False)
    assert (near.met(None, 0.1), near.met(1.0, 0.11)) == (True, False)
    told = Goal(epochs=1, perplexity=8.0)
    assert (told.met(0.0, 2.07), told.met(1.0, 2.09)) == (True, False)
    assert (fails.met(0.1, 5.0), fails.met(0.3, 0.0)) == (True, False)
    for several in ({}, {"accuracy": 0.5, "loss": 1.0}):
        with pytest.raises(ValueError, match="one of"):
            Goal.model_validate({"epochs": 1, **several})


def test_lenet5_of_1998_has_the_papers_60000_weights() -> None:
    """LeCun et al., 1998, section II.B: C1 156, S2 12, C3 1,516, S4 32, C5 48,120, F6 10,164."""
    spec = by_id("lenet5_1998").spec
    report = check(spec.model, spec.training)
    counts = [node.count for node in report.nodes if node.count]
    assert counts == [156, 12, 1516, 32, 48120, 10164, 850]
    assert sum(counts[:-1]) == 60_000


def test_lenet5_is_the_textbooks() -> None:
    spec = presets()[0].spec
    report = check(spec.model, spec.training)
    counts = {node.id: node.count for node in report.nodes if node.count}
    assert counts == {"conv1": 156, "conv2": 2416, "fc1": 48120, "fc2": 10164, "fc3": 850}
    assert report.node("conv1").arithmetic == "6×(5×5×1)+6 = 156"
    assert [node.shape for node in report.nodes if node.id.startswith("pool")] == [
        (6, 14, 14),
        (16, 5, 5),
    ]

"""The shipped presets are valid, buildable, bilingual, and ordered with LeNet-5 first."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from app.catalog.datasets import DATASETS
from app.spec.check import check
from app.spec.presets import Preset, presets
from app.spec.run import RunSpec

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
    assert {(d.KIND, d.TASK) for d in used} == {(d.KIND, d.TASK) for d in DATASETS.parts.values()}
    assert not any(d.DOWNLOAD_BYTES for d in used)


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

"""Points set by hand and the bundled tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.catalog.datasets import DATASETS
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._tables import BundledTable
from app.catalog.datasets.points_custom import PointsCustom

NOWHERE = Path("/nonexistent")
TABLES = [part for part in DATASETS.parts.values() if issubclass(part, BundledTable)]
place = st.floats(-6, 6).map(lambda value: round(value, 2))


def made(points: list[tuple[float, float, int]], **options: object) -> PointsCustom:
    given = {"type": "points_custom", "points": points, "classes": 4, **options}
    return PointsCustom.model_validate_json(json.dumps(given), strict=True)


@given(
    points=st.lists(st.tuples(place, place, st.integers(0, 3)), min_size=4, max_size=60),
    share=st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]),
)
def test_adding_a_point_moves_no_other(
    points: list[tuple[float, float, int]], share: float
) -> None:
    before, after = (
        made(points, train_share=share),
        made([*points, (1.0, 1.0, 2)], train_share=share),
    )
    for x_before, x_after in zip(
        (before.load(NOWHERE).train_x, before.load(NOWHERE).val_x),
        (after.load(NOWHERE).train_x, after.load(NOWHERE).val_x),
        strict=True,
    ):
        np.testing.assert_array_equal(x_after[: len(x_before)], x_before)
    assert sum(before.sizes) == len(points)
    assert abs(before.sizes[0] - share * len(points)) <= 1.0
    data = before.load(NOWHERE)
    assert (len(data.train_x), len(data.val_x)) == before.sizes


def test_classes_and_bounds() -> None:
    assert [name.zh for name in made([(0, 0, 3)]).CLASSES] == [
        "类别 1",
        "类别 2",
        "类别 3",
        "类别 4",
    ]
    assert made([(0, 0, 3)]).faults()[0].code == "too_few_points"
    for wrong in ([(0, 0, 4)], [(7, 0, 0)], [(0, 0)], [(0, 0, 0.5)], [(0, 0, 0)] * 2001):
        with pytest.raises(ValidationError):
            made(wrong)  # type: ignore[arg-type]  # what a hostile request brings


@pytest.mark.parametrize("table", TABLES, ids=lambda part: str(part.kind()))
def test_tables_are_standardised_by_their_training_part(table: type[BundledTable]) -> None:
    part = table()
    data = part.load(NOWHERE)
    with np.load(FOLDER / f"{part.FILE}.npz", allow_pickle=False) as file:
        values = file["values"].astype(np.float64)
    train = values[: part.sizes[0]]
    expected = (values - train.mean(0)) / train.std(0)
    x = np.concatenate([data.train_x, data.val_x])
    np.testing.assert_allclose(x, expected, rtol=1e-4, atol=1e-5)
    for column, feature in enumerate(part.features_of(NOWHERE)):
        meant = x[:, column] * feature.scale + feature.centre
        np.testing.assert_allclose(meant, values[:, column], rtol=1e-4, atol=1e-4)
    raw = table.model_validate({"type": table.kind(), "standardise": False}).load(NOWHERE)
    np.testing.assert_array_equal(raw.train_x, train.astype(np.float32))
    assert (part.value(NOWHERE) is None) == (part.TASK == "classification")

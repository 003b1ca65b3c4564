"""Columns of any size and offset are standardised in float64: what enters a network tells rows apart."""

from __future__ import annotations

import csv
import io
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.catalog.datasets.uploaded_table import UploadedTable
from app.catalog.shelf import SHELF, TableFacts
from app.own.keep import FileReport
from tests.conftest import DEEP
from tests.own.files import keep

FEW = settings(
    max_examples=60 if DEEP else 12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def uploaded(root: Path, **columns: list[float]) -> tuple[UploadedTable, TableFacts, FileReport]:
    """A table of these numbers, the last column to be predicted, all in full precision."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(
        zip(*([repr(float(value)) for value in one] for one in columns.values()), strict=True)
    )
    root.mkdir(exist_ok=True)
    folder, report = keep(root, out.getvalue().encode(), filename="numbers.csv")
    SHELF.look_in(folder.parent)
    facts = SHELF.facts(folder.name)
    assert isinstance(facts, TableFacts)
    part = UploadedTable(digest=folder.name, task="regression")
    return part, facts, report


def standardised(values: list[float], train: NDArray[np.intp]) -> NDArray[np.float64]:
    """(x − mean)/deviation over the training rows, in exact fractions but for the root."""
    exact = [Fraction(value) for value in values]
    learned = [exact[i] for i in train]
    mean = sum(learned, Fraction(0)) / len(learned)
    squares = sum(((one - mean) ** 2 for one in learned), Fraction(0)) / len(learned)
    if squares == 0:
        return np.array([float(one - mean) for one in exact])
    power = math.frexp(max(abs(value) for value in values))[1]
    unit = Fraction(2) ** power
    root = Fraction(math.sqrt(squares / unit**2)) * unit
    return np.array([float((one - mean) / root) for one in exact])


def inputs(part: UploadedTable, root: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    data = part.load(root)
    return np.concatenate([data.train_x, data.val_x]), np.concatenate([data.train_y, data.val_y])


def check(root: Path, **columns: list[float]) -> None:
    part, facts, _ = uploaded(root, **columns)
    assert {one.kind for one in facts.columns} == {"number"}
    assert part.faults() == ()
    order = part.order()
    train = order[: part.sizes[0]]
    x, y = inputs(part, root)
    *features, target = columns.values()
    for place, values in enumerate(features):
        want = standardised(values, train)[order]
        np.testing.assert_allclose(x[:, place], want, rtol=3e-7, atol=3e-7)
    np.testing.assert_allclose(y[:, 0], standardised(target, train)[order], rtol=3e-7, atol=3e-7)


RANDOM = np.random.RandomState(4)
COLUMNS: dict[str, list[float]] = {
    "times": [1796070000.0 + 30 * i for i in range(60)],
    "milliseconds": [1796070000000.0 + i for i in range(60)],
    "offset": list(1e8 + RANDOM.uniform(size=60)),
    "identifiers": [2.0**53 - 60 + i for i in range(60)],
    "huge": list(1e300 * RANDOM.uniform(-1, 1, 60)),
    "largest": [1.7e308 * (-1) ** i for i in range(60)],
    "beyond float32": [1.5e39 + 7.5e38 * i for i in range(60)],
    "tiny": list(1e-300 * RANDOM.uniform(1, 2, 60)),
    "below float32": list(1e-42 * RANDOM.uniform(1, 2, 60)),
    "constant": [1e8 + 0.1] * 60,
    "constant and huge": [1.7e308] * 60,
    "ordinary": list(RANDOM.uniform(size=60)),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_as_input_and_as_target(tmp_path: Path, name: str) -> None:
    ordinary = COLUMNS["ordinary"]
    check(tmp_path / "input", x=COLUMNS[name], y=ordinary)
    if "constant" not in name:
        check(tmp_path / "target", x=ordinary, y=COLUMNS[name])
    x, _ = inputs(uploaded(tmp_path / "again", x=COLUMNS[name], y=ordinary)[0], tmp_path)
    assert len(np.unique(x)) == len(set(COLUMNS[name]))


@FEW
@given(
    data=st.data(),
    offset=st.floats(-1e300, 1e300, allow_subnormal=False),
    power=st.integers(-300, 300),
)
def test_any_offset_and_any_size(
    tmp_path: Path, data: st.DataObject, offset: float, power: int
) -> None:
    shares = data.draw(st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=8, max_size=20))
    values = [offset + share * 10.0**power for share in shares]
    values = [value if abs(value) > 1e-307 else 0.0 for value in values]
    check(tmp_path, x=values, y=[float(i) for i in range(len(values))])


def test_a_worker_that_flushes_subnormal_numbers_sees_the_same(tmp_path: Path) -> None:
    columns = {
        "a": COLUMNS["tiny"],
        "b": COLUMNS["constant and huge"],
        "c": [5e-324 * i for i in range(60)],
    }
    part, facts, _ = uploaded(tmp_path, **columns, y=COLUMNS["ordinary"])
    assert facts.columns[2].numbers == (0.0,)
    want = part.load(tmp_path).train_x
    from app.catalog.datasets import _columns

    _columns._kept.cache_clear()
    torch.set_flush_denormal(True)
    try:
        found = part.load(tmp_path).train_x
    finally:
        torch.set_flush_denormal(False)
    np.testing.assert_array_equal(found, want)
    assert np.isfinite(found).all()


def test_numbers_that_must_be_scaled_are_remarked(tmp_path: Path) -> None:
    part, _, report = uploaded(tmp_path, x=COLUMNS["beyond float32"], y=COLUMNS["ordinary"])
    (remark,) = report.remarks
    assert remark.column == "x"
    assert "4.57e+40" in remark.message.en
    assert part.faults() == ()
    (fault,) = part.model_copy(update={"standardise": False}).faults()
    assert fault.pointer == "/training/dataset/standardise"
    assert fault.repairs
    small, _, said = uploaded(
        tmp_path / "b", x=COLUMNS["huge"][:1] * 20, y=COLUMNS["ordinary"][:20]
    )
    assert said.remark_count == 1
    assert small.model_copy(update={"features": ("x",), "standardise": False}).faults()


def test_long_numbers_that_are_classes_keep_their_names(tmp_path: Path) -> None:
    labels = [1000001.0 + i % 3 for i in range(30)]
    part, facts, _ = uploaded(tmp_path, x=COLUMNS["ordinary"][:30], label=labels)
    assert facts.columns[1].classes == ("1000001", "1000002", "1000003")
    classes = part.model_copy(update={"task": "classification"})
    _, y = inputs(classes, tmp_path)
    np.testing.assert_array_equal(y, np.array([i % 3 for i in range(30)])[part.order()])


def test_a_table_of_an_earlier_version_is_read_as_it_was(tmp_path: Path) -> None:
    """float32 on disk, and a description that says nothing of the largest number."""
    import json
    import shutil

    part, facts, _ = uploaded(tmp_path, x=[0.1, 0.2, 0.3, 0.4] * 4, label=[0.1, 0.7] * 8)
    (folder,) = (path for path in tmp_path.rglob(part.digest) if path.is_dir())
    old = folder.parent / ("7" * 64)
    shutil.copytree(folder, old)
    table = np.load(folder / "table.npy").astype(np.float32)
    np.save(old / "table.npy", table)
    said = facts.model_dump(mode="json")
    for column in said["columns"]:
        del column["largest"]
    (old / "meta.json").write_text(json.dumps(said))
    former = UploadedTable(digest="7" * 64, task="classification")
    _, y = inputs(former, tmp_path)
    np.testing.assert_array_equal(y, np.array([0, 1] * 8)[former.order()])

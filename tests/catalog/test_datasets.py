"""What every data set promises of its arrays; the bundled files are the recorded ones."""

from __future__ import annotations

import hashlib
import re
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.datasets import DATASETS, Data, Dataset
from app.catalog.datasets._base import OWN
from app.catalog.datasets._bundled import FOLDER
from app.catalog.datasets._points import PointSet
from tests.catalog.strategies import fewer, parts

NOWHERE = Path("/nonexistent")
SETS = list(DATASETS.parts.values())
POINT_SETS = [made for made in SETS if issubclass(made, PointSet)]
each_set = pytest.mark.parametrize("dataset", SETS, ids=lambda made: str(made.kind()))
each_point_set = pytest.mark.parametrize("dataset", POINT_SETS, ids=lambda made: str(made.kind()))


def loaded(dataset: Dataset) -> Data:
    """Fashion-MNIST is not on every machine: test_fashion_mnist.py makes its files."""
    return dataset.load(NOWHERE)


def always_there(dataset: type[Dataset]) -> bool:
    """Neither downloaded nor brought by the user."""
    return not dataset.DOWNLOAD_BYTES and dataset.GROUP != OWN


def digest(data: Data) -> str:
    arrays = (data.train_x, data.train_y, data.val_x, data.val_y)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def check_arrays(made: Dataset, data: Data) -> None:
    """Shapes, types and ranges."""
    train, val = made.sizes
    for x, y, count in ((data.train_x, data.train_y, train), (data.val_x, data.val_y, val)):
        assert x.shape == (count, *made.input_shape)
        assert x.dtype == np.float32
        assert np.isfinite(x).all()
        assert x.flags.c_contiguous
        if made.KIND != "tabular":
            low, high = {"image": (0.0, 1.0), "text": (0.0, len(made.vocabulary) - 1)}.get(
                made.KIND, (-6.0, 6.0)
            )
            assert x.min() >= low
            assert x.max() <= high
        if made.TASK == "classification":
            assert y.shape == ((count, made.input_shape[0]) if made.PER_STEP else (count,))
            assert y.dtype == np.int64
            assert y.min() >= (-1 if made.PER_STEP else 0)
            assert y.max() < made.targets
        else:
            assert y.shape == (count, made.targets)
            assert y.dtype == np.float32
            assert np.isfinite(y).all()
            largest = {"tabular": np.inf, "sequence": 2.0}.get(made.KIND, 1.0)
            assert np.abs(y).max() <= largest


@each_set
def test_facts(dataset: type[Dataset]) -> None:
    made = dataset()
    assert made.KIND in ("image", "points", "tabular", "sequence", "text")
    assert len(made.input_shape) == {"image": 3, "sequence": 2}.get(made.KIND, 1)
    assert made.LICENCE
    assert made.SOURCE
    varies = dataset.GROUP == OWN or dataset.kind() == "points_custom" or made.KIND == "text"
    assert varies == dataset.VARIES
    if dataset.GROUP == OWN:  # nothing can be said of it without its file
        assert made.sizes == (0, 0)
        assert [fault.code for fault in made.faults()] == ["data_missing"]
        return
    assert made.faults() == ()
    assert made.targets >= 1
    assert min(made.sizes) >= 1
    assert (made.TASK == "classification") == bool(made.CLASSES or made.NEXT)
    assert len({name.en for name in made.CLASSES}) == len(made.CLASSES)
    assert len({name.zh for name in made.CLASSES}) == len(made.CLASSES)
    assert always_there(dataset) == made.available(NOWHERE)


@pytest.mark.parametrize(
    "dataset", [s for s in SETS if always_there(s)], ids=lambda made: str(made.kind())
)
@fewer(10)
@given(data=st.data())
def test_arrays_are_as_declared(dataset: type[Dataset], data: st.DataObject) -> None:
    made: Dataset = data.draw(parts(dataset))
    arrays = loaded(made)
    check_arrays(made, arrays)
    assert digest(loaded(dataset.model_validate(made.model_dump()))) == digest(arrays)


@pytest.mark.parametrize(
    "dataset",
    [s for s in SETS if always_there(s) and s.KIND == "image"],
    ids=lambda made: str(made.kind()),
)
def test_pictures_are_balanced_disjoint_and_scaled(dataset: type[Dataset]) -> None:
    data = loaded(dataset())
    for labels in (data.train_y, data.val_y):
        shares = np.bincount(labels) / len(labels)
        assert len(shares) == len(dataset.CLASSES)
        assert np.all(np.abs(shares - 1 / len(shares)) < 0.01)
    assert data.train_x.max() == 1.0
    seen = {picture.tobytes() for picture in data.train_x}
    assert not any(picture.tobytes() in seen for picture in data.val_x)
    # shuffled: no long run of one class
    assert max(len(list(run)) for _, run in groupby(data.train_y.tolist())) < 20


@each_point_set
@pytest.mark.parametrize("noise", [0.0, 0.25, 0.5])
def test_points_are_balanced_and_disjoint(dataset: type[Dataset], noise: float) -> None:
    made = dataset.model_validate({"type": dataset.kind(), "samples": 2000, "noise": noise})
    data = loaded(made)
    points = np.concatenate([data.train_x, data.val_x])
    assert len(np.unique(points, axis=0)) == len(points) == 2000
    values = np.concatenate([data.train_y, data.val_y]).astype(float).ravel()
    middle = 0.5 if made.TASK == "classification" else 0.0
    assert abs(values.mean() - middle) < (0.15 if noise else 0.05)


@each_point_set
def test_each_option_moves_only_what_it_says(dataset: type[Dataset]) -> None:
    def made(**options: float) -> Data:
        return loaded(dataset.model_validate({"type": dataset.kind(), **options}))

    def everything(data: Data) -> set[bytes]:
        return {point.tobytes() for point in np.concatenate([data.train_x, data.val_x])}

    base = made(samples=200)
    assert digest(base) != digest(made(samples=200, data_seed=1))
    assert digest(base) != digest(made(samples=200, noise=0.5))
    other = made(samples=200, train_share=0.9)
    assert len(other.train_x) == 180
    assert everything(other) == everything(base)
    np.testing.assert_array_equal(other.train_x[:100], base.train_x)


# A line of the table in PROVENANCE.md: name, bytes, SHA-256 of the file and of its arrays.
RECORDED = re.compile(r"^\| `([\w.]+)` \| (\d+) \| `([0-9a-f]{64})` \| `([0-9a-f]{64})` \|$", re.M)


def test_bundled_files_are_the_recorded_ones() -> None:
    record = RECORDED.findall((FOLDER / "PROVENANCE.md").read_text("utf-8"))
    assert {name for name, *_ in record} == {path.name for path in FOLDER.glob("*.npz")}
    for name, count, file_sha256, _ in record:
        content = (FOLDER / name).read_bytes()
        assert len(content) == int(count)
        assert hashlib.sha256(content).hexdigest() == file_sha256

"""What the made sequences ask, answered by their own definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.catalog.datasets import DATASETS, Data, Dataset
from app.catalog.datasets._points import Draws
from app.catalog.datasets._sequences import MadeSequences
from tests.catalog.strategies import fewer


def loaded(kind: str, **fields: int | float) -> Data:
    made: Dataset = DATASETS.parts[kind].model_validate(
        {"type": kind, "samples": 200, **fields}, strict=True
    )
    return made.load(Path("/nowhere"))


seeds = st.integers(0, 2**31 - 1)


@fewer(10)
@given(length=st.integers(2, 60), seed=seeds)
def test_adding_asks_for_the_two_marked_numbers_one_in_each_half(length: int, seed: int) -> None:
    data = loaded("adding", length=length, data_seed=seed)
    numbers, marks = data.train_x[:, :, 0], data.train_x[:, :, 1]
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert np.array_equal(marks[:, : length // 2].sum(axis=1), np.ones(len(marks)))
    assert np.array_equal(marks.sum(axis=1), np.full(len(marks), 2.0))
    np.testing.assert_allclose((numbers * marks).sum(axis=1), data.train_y[:, 0], rtol=1e-6)


def test_always_saying_one_misses_the_sum_by_a_sixth() -> None:
    data = loaded("adding", length=50, samples=20_000)
    assert np.mean((data.train_y - 1.0) ** 2) == pytest.approx(1 / 6, rel=0.05)


@fewer(10)
@given(lag=st.integers(1, 60), seed=seeds)
def test_recall_shows_the_symbol_once_at_the_start(lag: int, seed: int) -> None:
    data = loaded("recall", lag=lag, data_seed=seed)
    assert data.train_x.shape == (160, lag + 1, 8)
    assert np.array_equal(data.train_x.sum(axis=2), np.ones((160, lag + 1)))
    assert np.array_equal(data.train_x[:, 0].argmax(axis=1), data.train_y)
    assert not data.train_x[:, 1:, :4].any()


@fewer(10)
@given(length=st.integers(2, 30), seed=seeds)
def test_parity_counts_the_ones(length: int, seed: int) -> None:
    data = loaded("parity", length=length, data_seed=seed)
    assert np.array_equal((data.val_x[:, :, 0] > 0).sum(axis=1) % 2, data.val_y)


def test_a_pure_wave_goes_on_as_sines_do() -> None:
    """x_{t+1} = 2 cos ω x_t − x_{t−1}, with ω from the three values before."""
    data = loaded("waves", waves=1, length=12)
    x, y = data.train_x[:, :, 0].astype(float), data.train_y[:, 0]
    clear = np.abs(x[:, -2]) > 0.2
    twice = (x[:, -1] + x[:, -3]) / np.where(clear, x[:, -2], 1.0)
    np.testing.assert_allclose((twice * x[:, -1] - x[:, -2])[clear], y[clear], atol=1e-4)
    assert clear.sum() > 50


def test_noise_blurs_what_is_seen_and_not_what_is_asked() -> None:
    plain, noisy = loaded("waves", noise=0.0), loaded("waves", noise=0.3)
    assert np.array_equal(plain.train_y, noisy.train_y)
    assert np.std(noisy.train_x - plain.train_x) == pytest.approx(0.3, rel=0.1)


MADE = [kind for kind, part in DATASETS.parts.items() if issubclass(part, MadeSequences)]


def rows(x: NDArray[np.float32]) -> set[bytes]:
    return {row.tobytes() for row in x}


@pytest.mark.parametrize("kind", MADE)
@fewer(4)
@given(data=st.data(), seed=seeds, samples=st.integers(100, 2000))
def test_no_sequence_validates_that_is_learned_from(
    kind: str, data: st.DataObject, seed: int, samples: int
) -> None:
    """Whatever the length: of those of two bits there are four."""
    name = "lag" if kind == "recall" else "length"
    least = {"parity": 2, "recall": 1, "adding": 2, "waves": 4}.get(kind, 8)
    fields = {name: data.draw(st.integers(least, 24)), "data_seed": seed, "samples": samples}
    made, again = loaded(kind, **fields), loaded(kind, **fields)
    assert not rows(made.train_x) & rows(made.val_x)
    assert (len(made.train_x), len(made.val_x)) == (samples * 4 // 5, samples - samples * 4 // 5)
    for one, other in zip(vars(made).values(), vars(again).values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("length", [6, 8, 10, 12, 14, 20])
def test_parity_as_it_comes_keeps_a_fifth_apart(length: int) -> None:
    made = loaded("parity", length=length, samples=5000)
    learned, kept = rows(made.train_x), rows(made.val_x)
    assert not learned & kept
    assert len(kept) / len(learned | kept) == pytest.approx(0.2, abs=0.06)
    assert 0.3 < made.val_y.mean() < 0.7


def test_sequences_that_are_all_different_are_cut_as_ever() -> None:
    made = loaded("adding", length=20)
    part = DATASETS.parts["adding"].model_validate(
        {"type": "adding", "length": 20, "samples": 200}, strict=True
    )
    assert isinstance(part, MadeSequences)
    x, _ = part.make(Draws("adding", 0))
    np.testing.assert_array_equal(made.train_x, x[:160].astype(np.float32))
    np.testing.assert_array_equal(made.val_x, x[160:].astype(np.float32))

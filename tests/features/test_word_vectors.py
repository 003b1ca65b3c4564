"""Nearest words and the plane of the vectors, against NumPy's own cosines and eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.datasets._tokens import UnknownToken
from app.engine.trainer import Trainer
from app.features.word_vectors.engine import neighbours, principal, projection
from app.features.word_vectors.schema import (
    NeighboursWanted,
    NoDirection,
    NoEmbedding,
    ProjectionWanted,
)
from tests.catalog.strategies import fewer
from tests.engine.specs import ADAM, run_spec, trainer_of


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "size": 6},
        {"type": "mean_over_time"},
        {"type": "dense", "units": 201},
    ]
    dataset = {"type": "word_pairs", "words": 200, "pairs": 1000}
    made = trainer_of(run_spec(layers, dataset=dataset, optimizer=ADAM))
    made.step()
    return made


def vectors(trainer: Trainer) -> np.ndarray[Any, np.dtype[np.float64]]:
    return trainer.network.node("embed1").get_parameter("weight").detach().double().numpy()


def test_nearest_words_are_those_with_the_largest_cosine(trainer: Trainer) -> None:
    assert trainer.data.tokens is not None
    words = trainer.data.tokens.vocabulary
    table = vectors(trainer)
    unit = table[1:] / np.sqrt((table[1:] ** 2).sum(axis=1, keepdims=True))
    a, b, c = (words.index(word) - 1 for word in ("man", "he", "she"))
    asked = unit[a] - unit[b] + unit[c]
    cosines = unit @ asked / np.sqrt(asked @ asked)
    cosines[[a, b, c]] = -np.inf
    order = np.argsort(-cosines, kind="stable")[:5]
    wanted = NeighboursWanted(plus=("Man", "she"), minus=("he",), count=5)
    found = neighbours(trainer, 7, wanted)
    assert [one.word for one in found.neighbours] == [words[i + 1] for i in order]
    np.testing.assert_allclose(
        [float(one.cosine) for one in found.neighbours], cosines[order], atol=1e-12
    )
    assert (found.step, found.branch, found.node) == (1, 7, "embed1")
    alone = neighbours(trainer, 0, NeighboursWanted(plus=("man",), count=100))
    assert float(alone.length) == pytest.approx(np.sqrt((table[a + 1] ** 2).sum()), abs=1e-12)
    assert len(alone.neighbours) == 100


def test_the_plane_is_that_of_the_two_largest_eigenvalues(trainer: Trainer) -> None:
    found = projection(trainer, 0, ProjectionWanted(words=("she",), start=10, count=30))
    assert [one.token for one in found.places][1:4] == [10, 11, 12]
    chosen = vectors(trainer)[[one.token for one in found.places]]
    centred = chosen - chosen.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred)
    np.testing.assert_allclose(
        [float(share) for share in found.share], values[::-1][:2] / values.sum(), atol=1e-12
    )
    for k, name in enumerate("xy"):
        mine = np.array([float(getattr(one, name)) for one in found.places])
        theirs = centred @ axes[:, -1 - k]
        np.testing.assert_allclose(mine * np.sign(mine @ theirs), theirs, atol=1e-9)


@fewer(10)
@given(rows=st.integers(0, 5), width=st.integers(1, 4), seed=st.integers(0, 99))
def test_few_vectors_and_narrow_ones_lie_flat_too(rows: int, width: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    given_ = torch.randn(rows, width, dtype=torch.float64, generator=generator)
    flat, share = principal(given_)
    assert flat.shape == (rows, 2)
    assert 0.0 <= sum(share) <= 1.0 + 1e-9
    if width <= 2 and rows:
        far = torch.cdist(given_, given_) - torch.cdist(flat, flat)
        assert float(far.abs().max()) < 1e-9


def test_what_has_no_vector_is_refused_by_name(trainer: Trainer) -> None:
    with pytest.raises(UnknownToken) as caught:
        neighbours(trainer, 0, NeighboursWanted(plus=("man", "zyzzyva")))
    assert caught.value.pointer == "/plus/1"
    with pytest.raises(NoDirection):
        neighbours(trainer, 0, NeighboursWanted(plus=("man",), minus=("man",)))
    with pytest.raises(NoEmbedding):
        projection(trainer, 0, ProjectionWanted(node="dense1"))

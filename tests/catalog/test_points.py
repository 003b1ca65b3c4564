"""The 2-D sets have the geometry of TensorFlow Playground, and their draws never change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.catalog.datasets import DATASETS
from app.catalog.datasets._points import Draws

NOWHERE = Path("/nonexistent")
Array = NDArray[Any]
# The first three draws of one stream: every stored run rests on them.
RECORDED = [0.7743815076287356, 0.6619791172601311, 0.21576355325522079]


def points(kind: str, noise: float = 0.0) -> tuple[Array, Array]:
    """All points and ±1 or the value."""
    made = DATASETS.parts[kind].model_validate({"type": kind, "samples": 2000, "noise": noise})
    data = made.load(NOWHERE)
    x = np.concatenate([data.train_x, data.val_x]).astype(float)
    y = np.concatenate([data.train_y, data.val_y]).astype(float)
    return x, (2 * y - 1 if made.TASK == "classification" else y[:, 0])


def test_circle_is_a_disc_in_a_ring() -> None:
    x, sign = points("points_circle")
    radius = np.hypot(*x.T)
    assert np.all(radius[sign > 0] <= 2.5)
    assert np.all((radius[sign < 0] >= 3.5) & (radius[sign < 0] <= 5.0))
    assert abs(sign.sum()) == 0


def test_xor_is_the_sign_of_the_product() -> None:
    x, sign = points("points_xor")
    np.testing.assert_array_equal(np.sign(x[:, 0] * x[:, 1]), sign)
    assert np.all((np.abs(x) >= 0.3) & (np.abs(x) <= 5.3))


@pytest.mark.parametrize("kind", ["points_circle", "points_xor", "points_plane"])
def test_noise_changes_answers_and_moves_no_point(kind: str) -> None:
    (x, y), (noisy_x, noisy_y) = points(kind), points(kind, 0.3)
    np.testing.assert_array_equal(x, noisy_x)
    assert (y != noisy_y).mean() > 0


@pytest.mark.parametrize(("noise", "variance"), [(0.0, 0.5), (0.25, 2.25)])
def test_gaussians_are_around_two_two(noise: float, variance: float) -> None:
    x, sign = points("points_gauss", noise)
    centred = x * sign[:, None]
    assert np.all(np.abs(centred.mean(axis=0) - 2.0) < 0.15)
    assert np.all(np.abs(centred.var(axis=0) / variance - 1.0) < 0.15)
    assert abs(np.corrcoef(centred.T)[0, 1]) < 0.1


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25, 0.4, 0.5])
def test_gaussians_have_the_spread_that_is_written(noise: float) -> None:
    """μ + √(½ + 7·noise)·ε for every point: none is moved to a border."""
    for seed in range(3):
        made = DATASETS.parts["points_gauss"].model_validate(
            {"type": "points_gauss", "samples": 2000, "noise": noise, "data_seed": seed}
        )
        data = made.load(NOWHERE)
        x = np.concatenate([data.train_x, data.val_x]).astype(float)
        y = np.concatenate([data.train_y, data.val_y])
        found = ((x - np.where(y > 0, 2.0, -2.0)[:, None]) ** 2).mean()
        assert found == pytest.approx(0.5 + 7.0 * noise, rel=4 * np.sqrt(2 / x.size))
        assert np.unique(x, return_counts=True)[1].max() <= 2


@pytest.mark.parametrize("kind", ["points_plane", "points_multi_gauss", "points_spiral"])
def test_noise_is_cut_at_no_border(kind: str) -> None:
    """No value is there twice: a border would collect those beyond it."""
    x, value = points(kind, 0.5)
    assert np.unique(x, return_counts=True)[1].max() <= 2
    if kind == "points_plane":
        assert np.unique(value, return_counts=True)[1].max() <= 2
        assert 1.0 < np.abs(value).max() <= 1.5
        assert np.abs(value - x.sum(axis=1) / 12).max() == pytest.approx(0.5, abs=0.03)


def test_spirals_are_half_a_turn_apart() -> None:
    x, sign = points("points_spiral")
    radius = np.hypot(*x.T)
    angle = 2 * np.pi * 1.75 * radius / 5 + np.where(sign > 0, 0.0, np.pi)
    np.testing.assert_allclose(x[:, 0], radius * np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(x[:, 1], radius * np.cos(angle), atol=1e-5)
    assert sign.sum() == 0
    noisy, _ = points("points_spiral", 0.5)
    assert 0 < np.abs(noisy - x).max() <= 0.5 + 1e-6


def test_plane_rises_to_one_corner() -> None:
    x, value = points("points_plane")
    np.testing.assert_allclose(value, x.sum(axis=1) / 12, atol=1e-6)


def test_hills_fall_to_zero_at_a_distance_of_two() -> None:
    x, value = points("points_multi_gauss")
    summits = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    for place, found in zip(x, value, strict=True):
        heights = [s * max(0.0, 1 - np.hypot(*(place - (a, b))) / 2) for a, b, s in summits]
        assert found == pytest.approx(max(heights, key=abs), abs=1e-6)


def test_draws_are_pcg64s_and_stay() -> None:
    draws = Draws("points_xor", 0)
    first = draws.uniform("x1", 0.0, 1.0, 3)
    np.testing.assert_array_equal(first, draws.uniform("x1", 0.0, 1.0, 5)[:3])
    assert not np.array_equal(first, draws.uniform("x2", 0.0, 1.0, 3))
    assert not np.array_equal(first, Draws("points_xor", 1).uniform("x1", 0.0, 1.0, 3))
    np.testing.assert_allclose(first, RECORDED, rtol=0, atol=1e-15)


def test_draws_are_uniform_and_normal() -> None:
    draws = Draws("any", 3)
    uniform, normal = draws.uniform("u", -2.0, 4.0, 100_000), draws.normal("n", 100_000)
    assert uniform.min() >= -2.0
    assert uniform.max() < 4.0
    assert abs(uniform.mean() - 1.0) < 0.03
    assert abs(uniform.var() - 3.0) < 0.05
    assert abs(normal.mean()) < 0.02
    assert abs(normal.var() - 1.0) < 0.02
    assert abs((normal**4).mean() - 3.0) < 0.15
    np.testing.assert_array_equal(np.sort(draws.order(100)), np.arange(100))

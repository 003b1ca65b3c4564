"""Moved pictures against SciPy's interpolation and the movement written out pixel by pixel."""

from __future__ import annotations

import json
from math import cos, floor, pi, radians, sin
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from app.core.errors import GlassnetError
from app.engine.probes import Prober
from app.engine.sweep import accuracy_under, sweep
from app.engine.trainer import Trainer
from app.engine.warp import field, moved
from app.protocol.refusals import OutOfRange, SampleMisfit
from app.protocol.taps import GivenSample, StoredSample, WarpedSample
from app.protocol.warp import Sweep, Warp
from tests.engine.specs import run_spec, trainer_of

Picture = NDArray[np.float64]
WARPS = st.builds(
    Warp,
    turn=st.floats(-180, 180),
    scale=st.floats(0.25, 4),
    shift_x=st.floats(-9, 9),
    shift_y=st.floats(-9, 9),
    shear=st.floats(-1, 1),
    bend=st.floats(-4, 4),
    elastic=st.just(0.0) | st.floats(-3, 3),
    seed=st.integers(0, 5),
)
SIDES = st.tuples(st.integers(2, 9), st.integers(2, 9))


def elastic_by_hand(seed: int, height: int, width: int) -> tuple[Picture, Picture]:
    """The draws, each spread as a Gaussian over the picture, the largest of all made 1."""
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand(2, height, width, dtype=torch.float64, generator=generator).numpy() * 2 - 1
    sigma = max(height, width) / 7
    i, j = np.mgrid[:height, :width].astype(np.float64)
    found = np.zeros_like(draws)
    for a in range(height):
        for b in range(width):
            found += draws[:, a, b, None, None] * np.exp(
                -((i - a) ** 2 + (j - b) ** 2) / (2 * sigma**2)
            )
    found /= np.abs(found).max()
    return found[0], found[1]


def by_hand(picture: Picture, warp: Warp) -> Picture:
    """Every pixel asks, movement after movement, where it came from; corners outside count zero."""
    height, width = picture.shape
    found = np.zeros_like(picture)
    along_x, along_y = elastic_by_hand(warp.seed, height, width)
    for i in range(height):
        for j in range(width):
            x, y = j - (width - 1) / 2 - warp.shift_x, i - (height - 1) / 2 - warp.shift_y
            x, y = x - warp.elastic * along_x[i, j], y - warp.elastic * along_y[i, j]
            angle = radians(warp.turn)
            x, y = x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)
            x, y = x / warp.scale, y / warp.scale
            x += warp.shear * y
            x -= warp.bend * sin(2 * pi * y / height)
            column, row = x + (width - 1) / 2, y + (height - 1) / 2
            left, top = floor(column), floor(row)
            for a in (top, top + 1):
                for b in (left, left + 1):
                    if 0 <= a < height and 0 <= b < width:
                        share = (1 - abs(row - a)) * (1 - abs(column - b))
                        found[i, j] += share * picture[a, b]
    return found


def engine(picture: Picture, warp: Warp) -> Picture:
    return moved(torch.from_numpy(picture)[None, None], [warp])[0, 0].numpy()


@given(warp=WARPS, sides=SIDES, seed=st.integers(0, 99))
def test_as_written_out(warp: Warp, sides: tuple[int, int], seed: int) -> None:
    picture = np.random.default_rng(seed).normal(size=sides)
    np.testing.assert_allclose(engine(picture, warp), by_hand(picture, warp), atol=1e-9)


@given(degrees=st.floats(-180, 180), side=st.integers(3, 9))
def test_turning_is_scipys(degrees: float, side: int) -> None:
    picture = np.random.default_rng(side).normal(size=(side, side))
    expected = ndimage.rotate(picture, degrees, reshape=False, order=1, mode="grid-constant")
    np.testing.assert_allclose(engine(picture, Warp(turn=degrees)), expected, atol=1e-9)


@given(right=st.floats(-5, 5), down=st.floats(-5, 5), sides=SIDES)
def test_shifting_is_scipys(right: float, down: float, sides: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).normal(size=sides)
    expected = ndimage.shift(picture, (down, right), order=1, mode="grid-constant")
    warp = Warp(shift_x=right, shift_y=down)
    np.testing.assert_allclose(engine(picture, warp), expected, atol=1e-9)


def test_an_elastic_bend_is_a_function_of_its_seed() -> None:
    picture = np.random.default_rng(4).normal(size=(28, 28))
    first, again, other = (engine(picture, Warp(elastic=2.0, seed=one)) for one in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    x, y = field(3, 28, 28)
    assert max(float(x.abs().max()), float(y.abs().max())) == 1.0
    steps = [float(one.diff(dim=axis).abs().max()) for one in (x, y) for axis in (0, 1)]
    assert max(steps) < 0.3, "neighbours move alike"


def test_nothing_moves_without_a_movement() -> None:
    picture = torch.rand(2, 3, 7, 5, dtype=torch.float64)
    torch.testing.assert_close(moved(picture, [Warp()]), picture)


def test_a_bright_pixel_goes_where_the_words_say() -> None:
    picture = np.zeros((5, 5))
    picture[2, 4] = 1  # right of the middle
    where = {
        "turn": ({"turn": 90.0}, (0, 2)),  # anticlockwise: to the top
        "right": ({"shift_x": -1.0}, (2, 3)),
        "down": ({"shift_y": 1.0}, (3, 4)),
        "scale": ({"scale": 0.5}, (2, 3)),
    }
    for changes, place in where.values():
        found = engine(picture, Warp.model_validate(changes))
        assert divmod(int(found.argmax()), 5) == place
    top = np.zeros((5, 5))
    top[0, 2] = 1
    sheared = engine(top, Warp(shear=1.0))
    assert divmod(int(sheared.argmax()), 5) == (0, 4)  # the top leans to the right


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    found = trainer_of(run_spec([{"type": "flatten"}, {"type": "dense", "units": 10}]))
    for _ in range(20):
        found.step()
    return found


SAMPLE = StoredSample(index=3)


def test_a_sweep_answers_as_single_predictions_do(trainer: Trainer) -> None:
    wanted = Sweep(axis="shift_x", low=-2.0, high=2.0, points=5, warp=Warp(turn=10.0))
    found = json.loads(json.dumps(sweep(trainer, Prober(trainer), SAMPLE, wanted), allow_nan=False))
    assert found["values"] == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert found["target"] == trainer.data.label(SAMPLE)
    network = trainer.network
    network.mode(training=False)
    for value, answer, label in zip(
        found["values"], found["answers"], found["labels"], strict=True
    ):
        sample = WarpedSample(of=SAMPLE, warp=Warp(turn=10.0, shift_x=value))
        with torch.no_grad():
            output = network(trainer.data.sample(sample))[0]
        np.testing.assert_allclose(answer, output.softmax(0).numpy(), atol=1e-6)
        assert label == output.argmax()
    network.mode(training=True)


def test_a_sweep_changes_nothing(trainer: Trainer) -> None:
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    sweep(trainer, Prober(trainer), SAMPLE, Sweep(axis="turn", low=-30.0, high=30.0))
    assert trainer.network.training
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, before[name])


def test_accuracy_under_no_movement_is_the_validation_accuracy(trainer: Trainer) -> None:
    assert accuracy_under(trainer, Warp()) == trainer.evaluate()[1]
    assert accuracy_under(trainer, Warp(shift_x=200.0)) < 0.3  # nothing left to see


def test_points_cannot_be_turned() -> None:
    points = trainer_of(run_spec([{"type": "dense", "units": 2}], dataset={"type": "points_xor"}))
    with pytest.raises(SampleMisfit):
        points.data.sample(WarpedSample(of=GivenSample(values=(1.0, 2.0)), warp=Warp(turn=5.0)))
    with pytest.raises(SampleMisfit):
        sweep(points, Prober(points), StoredSample(), Sweep(axis="turn", low=-1.0, high=1.0))


@pytest.mark.parametrize(
    ("axis", "low", "high", "pointer"),
    [
        ("turn", -200.0, 10.0, "/sweep/low"),
        ("scale", 0.5, 9.0, "/sweep/high"),
        ("shear", 0.5, 0.5, "/sweep/high"),
    ],
)
def test_ends_that_do_not_fit_are_named(axis: Any, low: float, high: float, pointer: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        Sweep(axis=axis, low=low, high=high).require()
    error: GlassnetError = caught.value
    assert error.pointer == pointer
    assert error.text.en != error.text.zh

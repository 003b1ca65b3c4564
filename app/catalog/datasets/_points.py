"""What all 2-D point sets share: options, random draws, the cut. No set of its own.

Geometry and noise follow TensorFlow Playground (D. Smilkov, S. Carter, Apache-2.0); patterns lie in
−6…6, and nothing that noise adds is cut off.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import POINTS, Data, Dataset
from app.catalog.family import option
from app.core.ids import stable_hash
from app.core.shapes import Shape
from app.core.text import text

EXTENT = 6.0
SIGNS = (text("negative −1", "负类 −1"), text("positive +1", "正类 +1"))

Reals = NDArray[np.float64]


class Draws:
    """Named streams of random numbers: one option's draws do not move another's.

    Made from PCG64's raw output, which NumPy promises not to change between versions.
    """

    def __init__(self, kind: str, seed: int) -> None:
        self._kind, self._seed = kind, seed

    def _raw(self, name: str, count: int) -> NDArray[np.uint64]:
        bits = np.random.PCG64(stable_hash(self._kind, self._seed, name))
        return np.asarray(bits.random_raw(count), dtype=np.uint64)

    def uniform(self, name: str, low: float, high: float, count: int) -> Reals:
        """(count,) in low…high, low included."""
        unit = (self._raw(name, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return low + (high - low) * unit

    def normal(self, name: str, count: int) -> Reals:
        """(count,) standard normal, by Box and Muller's transform."""
        radius = np.sqrt(-2.0 * np.log(1.0 - self.uniform(f"{name} radius", 0.0, 1.0, count)))
        return radius * np.cos(self.uniform(f"{name} angle", 0.0, 2.0 * np.pi, count))

    def order(self, count: int) -> NDArray[np.intp]:
        """A shuffled 0…count−1."""
        return np.argsort(self._raw("order", count), kind="stable")


class PointSet(Dataset):
    """Points of the plane, made from their options. Inputs (2,): x₁ to the right, x₂ upwards."""

    GROUP = POINTS
    KIND = "points"
    LICENCE = "Apache-2.0"
    SOURCE = "Made by Glassnet, with the geometry of TensorFlow Playground"
    FEATURES: ClassVar[int] = 2

    samples: int = option(
        500,
        text("points", "点数"),
        text("Points of both parts together.", "训练与验证点的总数。"),
        ge=50,
        le=2000,
    )
    noise: float = option(
        0.0,
        text("noise", "噪声"),
        text("Strength of the random noise in the data.", "数据中随机噪声的强度。"),
        ge=0.0,
        le=0.5,
    )
    train_share: float = option(
        0.5,
        text("training share", "训练比例"),
        text("Share of the points used for training.", "用于训练的点所占比例。"),
        ge=0.1,
        le=0.9,
    )
    data_seed: int = option(
        0,
        text("data seed", "数据种子"),
        text("Another number gives other points.", "换一个数就换一批点。"),
        ge=0,
        le=2**31 - 1,
    )

    @property
    def input_shape(self) -> Shape:
        return (self.FEATURES,)

    @property
    def sizes(self) -> tuple[int, int]:
        train = round(self.samples * self.train_share)
        return (train, self.samples - train)

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        """Coordinates (samples, 2) and value or sign (samples,) of every point, in any order."""
        raise TypeError(f"{type(self).__name__} declares no points")

    def encode(self, values: Reals) -> NDArray[np.int64] | NDArray[np.float32]:
        """The targets that ``Data`` wants of the values or signs."""
        raise TypeError(f"{type(self).__name__} declares no encode")

    def load(self, root: Path) -> Data:
        draws = Draws(self.kind(), self.data_seed)
        points, values = self.points(draws)
        order, train = draws.order(self.samples), self.sizes[0]
        x = points.astype(np.float32)[order]
        y = self.encode(values)[order]
        return Data(x[:train], y[:train], x[train:], y[train:])

    def halves(self) -> tuple[int, int]:
        """How many points are positive and how many negative; an odd one is positive."""
        return (self.samples - self.samples // 2, self.samples // 2)


class PointClasses(PointSet):
    """Two classes: 0 is negative (blue on the page), 1 is positive (orange)."""

    TASK = "classification"
    CLASSES = SIGNS

    def encode(self, values: Reals) -> NDArray[np.int64]:
        return (values > 0).astype(np.int64)


class PointValues(PointSet):
    """One value at every point, in −1…1 but for noise."""

    TASK = "regression"

    @property
    def targets(self) -> int:
        return 1

    def encode(self, values: Reals) -> NDArray[np.float32]:
        return values.astype(np.float32)[:, None]


def stack(x1: Reals, x2: Reals) -> Reals:
    """Two columns as points (N, 2)."""
    return np.stack((x1, x2), axis=1)


def square(draws: Draws, half: float, count: int) -> Reals:
    """(count, 2) uniform in the square −half…half."""
    return stack(draws.uniform("x1", -half, half, count), draws.uniform("x2", -half, half, count))


def jitter(draws: Draws, reach: float, noise: float, count: int) -> Reals:
    """(count, 2) uniform displacements up to ``reach`` × ``noise``."""
    return noise * stack(
        draws.uniform("noise1", -reach, reach, count), draws.uniform("noise2", -reach, reach, count)
    )


def signs(positive: NDArray[np.bool_]) -> Reals:
    return np.where(positive, 1.0, -1.0)
